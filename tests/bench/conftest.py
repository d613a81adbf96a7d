"""Boards for the bench's own tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from toleramp_bench.boards.emulator import Board, Repl
from toleramp_bench.boards.provision import always_service
from toleramp_bench.places import pins

_CHECKOUT = Path(__file__).parents[2]
_PRODUCTION = _CHECKOUT / "build" / "pump_pico" / "firmware.uf2"


@pytest.fixture(scope="session")
def repl_image() -> Path:
    """An image whose REPL can be reached: a stock one named by TOLERAMP_STOCK_UF2, or the pump's."""
    image = Path(os.environ.get("TOLERAMP_STOCK_UF2") or _PRODUCTION)
    if not image.is_file():
        pytest.skip("not run: no firmware image (TOLERAMP_STOCK_UF2, or build/pump_pico/firmware.uf2)")
    return image


@pytest.fixture(scope="session")
def boot(repl_image: Path) -> Callable[..., Board]:
    """Powers up a board in service mode, in which its resets leave it; with the given flash contents if any."""

    def power_up(flash: bytes | None = None) -> Board:
        board = Board(repl_image, flash=flash)
        always_service(board, pins())
        return board

    return power_up


@pytest.fixture(scope="module")
def board(boot: Callable[..., Board]) -> Board:
    """A board that a module's tests share."""
    return boot()


@pytest.fixture
def repl(board: Board) -> Repl:
    """The shared board's REPL, interrupted and ready."""
    prompt = Repl(board)
    prompt.enter()
    return prompt


@pytest.fixture
def fresh(boot: Callable[..., Board]) -> tuple[Board, Repl]:
    """A board of one's own, at its REPL."""
    own = boot()
    prompt = Repl(own)
    prompt.enter()
    return own, prompt


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of reference material beside the checkout (or TOLERAMP_SHARED). Tests need it only to check
    more."""
    folder = Path(os.environ.get("TOLERAMP_SHARED") or _CHECKOUT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("not run: no reference material (TOLERAMP_SHARED)")
    return folder
