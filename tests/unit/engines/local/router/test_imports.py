import subprocess
import sys

HEAVY = ("click", "rich", "pydantic", "jsonschema", "ruamel", "helm_python", "sqlite3", "multiprocessing")


def test_the_router_imports_nothing_heavy():
    code = "import sys, flaskship.engines.local.router.__main__\n"
    code += f"print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
