"""A Jupyter Server of which nothing is outside of its home but the installed packages.

Options: `save_delay`, `poll_interval`, `cleanup_delay` (seconds), `store` (`sqlite` or `temp`), `lab` (true for
JupyterLab's pages, with the application in reach of scripts), `config` (further traits: name -> value).
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module, util
from pathlib import Path
from typing import Any

FOLDERS = {
    "HOME": "home",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "TMPDIR": "tmp",
}
DELAYS = {
    "save_delay": "document_save_delay",
    "poll_interval": "file_poll_interval",
    "cleanup_delay": "document_cleanup_delay",
}
PAGES = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "notebook", "notebook_shim")
"""Extensions for the pages and tools of a browser: a server for other clients is up sooner without them."""
_CAPABILITIES = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_IGNORES_MODES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def serve(options: dict[str, Any]) -> None:
    """Serves until the process is told to end."""
    home = Path(options["home"])
    _settle(home, Path(sys.path[0]))
    _obey_modes()
    extension = "jupyter_server_ydoc" if util.find_spec("jupyter_server_ydoc") else "jupyter_collaboration"
    module, name = ("jupyterlab.labapp", "LabApp") if options.get("lab") else ("jupyter_server.serverapp", "ServerApp")
    application: Any = getattr(import_module(module), name)
    _log_to(home / "server.log")
    application.launch_instance([f"--{trait}={value}" for trait, value in _traits(options, home, extension).items()])


def _settle(home: Path, site: Path) -> None:
    """Point Jupyter to folders below `home`, and to the installed packages as to an environment."""
    for variable, folder in FOLDERS.items():
        path = home / folder
        path.mkdir(exist_ok=True)
        os.environ[variable] = str(path)
    (home / "files").mkdir(exist_ok=True)
    for variable in [
        name for name in os.environ if name.startswith(("JUPYTER_", "JUPYTERLAB_")) and name not in FOLDERS
    ]:
        del os.environ[variable]
    # Extensions are enabled by files below the prefix: etc/jupyter, share/jupyter.
    sys.prefix = sys.exec_prefix = str(site)
    os.chdir(home)


def _log_to(path: Path) -> None:
    """Send what the server says, and what its kernels say, to a file that scenarios can read."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


def _obey_modes() -> None:
    """A file that is read-only is so for this process too, where root has the right to write to any."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, of the capabilities 0-31 and then 32-63
    if libc.capget(header, sets) == 0:
        sets[0], sets[1] = sets[0] & ~_IGNORES_MODES, sets[1] & ~_IGNORES_MODES
        libc.capset(header, sets)


def _traits(options: dict[str, Any], home: Path, extension: str) -> dict[str, Any]:
    traits: dict[str, Any] = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": options["port"],
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": home / "files",
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.disable_check_xsrf": True,
        "IdentityProvider.token": options["token"],
        "SQLiteYStore.db_path": home / "ystore.db",
        "ArbitraryFileIdManager.db_path": home / "fileid.db",
    }
    if extension == "jupyter_server_ydoc":
        traits["YDocExtension.session_store_path"] = home / "sessions.json"
    if options.get("store") == "temp":
        traits["YDocExtension.ystore_class"] = f"{extension}.stores.TempFileYStore"
    if not options.get("lab"):
        traits["ServerApp.jpserver_extensions"] = dict.fromkeys(PAGES, False)
    if options.get("lab"):
        traits["LabApp.expose_app_in_browser"] = True
        traits["LabApp.check_for_updates_class"] = "jupyterlab.NeverCheckForUpdate"
    traits |= {f"YDocExtension.{trait}": options[name] for name, trait in DELAYS.items() if name in options}
    return {**traits, **options.get("config", {})}
