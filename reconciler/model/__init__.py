"""The data that several rooms share: registries, repositories, grants, names; pure."""
