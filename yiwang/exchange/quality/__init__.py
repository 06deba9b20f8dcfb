"""Quality of data (数据质量): rules of types judged over all records, scores of sources, worst records, defects sent back."""
