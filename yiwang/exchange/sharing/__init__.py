"""Sharing between offices (政务数据共享): request, approval by the provider, the grant that follows, metering, statements."""
