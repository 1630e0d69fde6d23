"""The benchmark: a ladder of sizes, seconds and memory by stage, and another program on the same meshes."""
