"""Execute the notebooks on the demo cohort and store their outputs; what `make notebooks` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Return 0 when every notebook ran without an error."""
    os.environ.update({"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"})
    names = sys.argv[1:]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if names and not any(path.name.startswith(name) for name in names):
            continue
        content = nbformat.read(path, as_version=4)
        client = NotebookClient(
            content, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(ROOT / "notebooks")}}
        )
        manager = client.create_kernel_manager()
        manager.kernel_spec.argv[0] = sys.executable
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for cell in content.cells:
            cell.metadata.pop("execution", None)
        content.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        nbformat.write(content, path)
        print(f"executed {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
