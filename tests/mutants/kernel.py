"""What the safety kernel is: the modules that decide whether drug flows, and the functions in them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
WHOLE = ("guard", "session", "delivery", "course", "store")
SINGLE = (
    "senses/vitals", "senses/own_limits", "senses/limits", "senses/worse", "senses/conditions", "protocol/rules",
    "protocol/protocol", "protocol/vein", "protocol/doses", "protocol/admission", "protocol/approval",
)  # fmt: skip
_BESIDE = {
    "pump.guard.bounds": ("bounds", "guard_faults"),
    "pump.guard.kept": ("kept", "recovered"),
    "pump.guard.mirror": ("compared", "mirror"),
    "pump.guard.sealed": ("compared", "sealed", "guard_memory"),
    "pump.guard": ("guard_faults", "mirror", "sealed", "session_run"),
    "pump.session.bags": ("bags", "proposals"),
    "pump.session.recovered": ("recovered", "kept", "session_numbers"),
    "pump.session": ("session_run", "session_holds", "session_reactions", "progress", "session_numbers"),
    "pump.delivery": ("delivery", "session_run"),
    "pump.course.kept": ("kept", "recovered"),
    "pump.course": ("course", "plan", "line_fill", "course_numbers", "plan_numbers"),
    "pump.store.journal": ("journal", "journal_slots"),
    "pump.store.clearing": ("clearing",),
    "pump.store.keyring": ("keyring", "keys_on_line"),
    "pump.store.saved": ("saved", "keeping", "kept", "recovered", "entries", "session_numbers"),
    "pump.store.entries": ("entries", "kept", "recovered"),
    "pump.store": ("orders", "orders_damaged", "settings", "journal"),
    "pump.senses": ("vitals", "signal_gone", "conditions", "watched_patient", "vitals_figures", "packed_rows"),
    "pump.protocol.vein": ("vein", "line_stretches", "line_fill"),
    "pump.protocol.doses": ("account", "rules", "vein"),
    "pump.protocol.admission": ("admission", "approval"),
    "pump.protocol.approval": ("approval", "admission"),
    "pump.protocol": ("rules", "protocol_form", "protocol_fields"),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """Where code and its tests are. `lists`: the folder of what people have judged; `build`: of what is written."""

    firmware: Path
    tests: Path
    lists: Path
    build: Path


_place = [
    Place(CHECKOUT / "firmware", CHECKOUT / "tests" / "core", Path(__file__).parent, CHECKOUT / "build" / "mutants")
]


def place() -> Place:
    """The safety kernel's, unless another is in use."""
    return _place[0]


def use(folder: Path) -> None:
    """Code of another place is judged: its folders are firmware, tests and build; the lists stand beside them."""
    _place[0] = Place(folder / "firmware", folder / "tests", folder, folder / "build")
    sys.path.insert(0, str(folder / "firmware"))


def modules() -> list[str]:
    """The kernel's modules, as `pump.guard.guard`; all modules of another place."""
    root = place().firmware
    pump = root / "pump"
    if not pump.is_dir():
        return sorted(path.stem for path in root.glob("*.py"))
    files = [path for room in WHOLE for path in sorted((pump / room).glob("*.py"))]
    files += [pump / f"{name}.py" for name in SINGLE]
    return [".".join(path.relative_to(root).with_suffix("").parts) for path in files if path.stat().st_size]


def path_of(module: str) -> Path:
    """The file of a module of the firmware."""
    return place().firmware.joinpath(*module.split(".")).with_suffix(".py")


def tree_of(module: str) -> ast.Module:
    """A fresh tree of a module, whose nodes may be changed."""
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Each function and method with its qualified name; what stands inside a function belongs to it."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner


def beside(module: str) -> list[str]:
    """The test files where a mutant of that module is judged while nothing better is known: its own, if there is one,
    and those that stand here."""
    own = module.rsplit(".", maxsplit=1)[-1]
    names = next((names for start, names in _BESIDE.items() if module.startswith(start)), ())
    files = [f"tests/core/test_{name}.py" for name in dict.fromkeys((own, *names))]
    return [file for file in files if (CHECKOUT / file).is_file()]
