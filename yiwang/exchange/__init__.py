"""Exchange 数据共享交换: the catalogue of what each office has, and its way from one office to another and to the public."""
