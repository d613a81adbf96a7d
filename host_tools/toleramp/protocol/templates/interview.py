"""The questions of `protocol new` on a terminal: one at a time, and again where the answers make no protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO, TypeVar

from toleramp.errors import UserError
from toleramp.protocol.templates import Template, order
from toleramp.protocol.templates.options import Option

Made = TypeVar("Made")
NONE = "-"  # what takes an earlier answer back


class OpenEnd(UserError):
    """The answers ended before the questions did."""


class Interview:
    """Asks one question at a time; an empty answer takes the default; nonsense is said in one line and asked again.

    `before`: what was answered in an earlier round, key -> text; it stands in place of the default.
    """

    def __init__(self, answers: TextIO, questions: TextIO) -> None:
        self.answers, self.questions = answers, questions
        self.before: dict[str, str] = {}
        self.asked = 0

    def __call__(self, option: Option) -> str | None:
        """The text of the answer, checked; None when the default stands."""
        while True:
            text = self._line(option)
            try:
                answer = self._answer(option, text)
                for words in option.aloud(answer or ""):
                    print(f"  {words}", file=self.questions)
                return answer
            except UserError as error:
                self.say(error)

    def say(self, error: UserError) -> None:
        """An error between two questions."""
        print(f"  {error}", file=self.questions)

    def _answer(self, option: Option, text: str) -> str | None:
        before = self.before.get(option.key)
        if not text and before is not None:
            return before
        if text == NONE and before is not None and not option.required:
            return None
        if text:
            option.read(text)
            return text
        if option.required:
            raise UserError("it has no default", option.flag, "an answer is needed")
        return None

    def _shown_default(self, option: Option) -> str:
        before = self.before.get(option.key)
        if before is None:
            return option.shown_default()
        return before if option.required else f"{before}, {NONE} for {option.shown_default()}"

    def _line(self, option: Option) -> str:
        unit = f" in {option.unit}" if option.unit else ""
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        question = f"{option.question}{unit}{choices} [{self._shown_default(option)}]: "
        self.asked += 1
        print(question, end="", file=self.questions, flush=True)
        try:
            line = self.answers.readline()
        except UnicodeDecodeError:
            line = ""
        if not line:
            print(file=self.questions)
            raise OpenEnd("the input ended before all was answered", option.flag, f"give {option.flag}")
        return line.strip()


def _doubtful(template: Template, error: UserError, given: dict[str, str]) -> set[str]:
    """The answers that may be changed after an error: the template's own, and what else the error names."""
    named = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", str(error)))
    own = {option.key for option in template.options}
    every = template.every_option()
    return {option.key for option in every if option.key in own or option.flag in named} - set(given)


def interviewed(
    template: Template,
    given: dict[str, str],
    ask: Interview,
    everything: bool,
    make: Callable[[dict[str, str]], Made],
) -> Made:
    """What `make` makes of `given` and the answers: to all questions (`everything`), or to those that have no default.

    When they make no protocol, those that may be the cause are asked again, with the earlier answers as defaults.
    """
    options = tuple(option for option in template.every_option() if option.asked)
    texts = order.answers(template, given, ask, options if everything else ())
    while True:
        count = ask.asked
        try:
            return make(texts)
        except UserError as error:
            again = _doubtful(template, error, given)
            ask.say(error)
            ask.before = {key: text for key, text in texts.items() if key in again}
            kept = {key: text for key, text in texts.items() if key not in again}
            texts = order.answers(template, kept, ask, tuple(o for o in options if o.key in again))
            if ask.asked == count:  # nothing was left to ask: all was given on the command line
                raise


def asked_for(question: Option, ask: Interview, demand: Callable[[str], Made]) -> Made:
    """What `demand` makes of an answer, asked for until it takes one."""
    while True:
        try:
            return demand(ask(replace(question, required=True)) or "")
        except OpenEnd:
            raise
        except UserError as error:
            ask.say(error)
