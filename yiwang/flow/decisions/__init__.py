"""Decision tables (决策表): read, checked, asked, kept in versions. DMN 1.3, one table each, cells in CEL."""
