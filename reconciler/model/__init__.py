"""The data that several packages share: registries, repositories, grants, names; pure."""
