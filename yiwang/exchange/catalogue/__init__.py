"""The catalogue of government information resources (政务信息资源目录): what which office has, on which terms."""
