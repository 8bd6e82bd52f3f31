"""The kit's own version."""

from __future__ import annotations


def kit_version() -> str:
    """The version of the installed distribution, or of the checkout's pyproject.toml."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("yjs-conformance")
    except PackageNotFoundError:
        import tomllib

        from conformance.resources import data_root

        project = data_root() / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"]) if project.is_file() else "unknown"
