"""OGC API Features 1.0 (OGC 17-069r4: Core, GeoJSON, OpenAPI 3.0) and its Part 2 (OGC 18-058r1) over open datasets."""
