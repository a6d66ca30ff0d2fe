"""How what was opened compares with the module itself, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from explorer.base.languages import as_sentence, join_list, join_sentences, tr, tr_noop

_WAY_ON = tr_noop(
    "Figures and edits are those of the graph that is shown. Move that part into a module of its own, which is then "
    "shown as one card, or open the part that matters."
)


@dataclass(frozen=True)
class Verification:
    """How what was opened compares with the module itself."""

    status: Literal["equal", "differs", "not run"]
    way: Literal["traced", "captured"]
    difference: float = 0.0  # largest difference of the outputs, as a part of the module's largest number
    value_reads: tuple[tuple[str, str], ...] = ()  # where the code read values: (module, function)
    reason: str = ""  # why it was not run
    first_node: str = ""  # where the values begin to differ, as far as that is known
    count: str = ""  # where the multiply-adds differ from torch's own count, or are not known; a sentence
    other_input: str = ""  # why another input than the example is not taken
    view_only: str = ""  # why it cannot be edited
    missing_devices: tuple[str, ...] = ()  # those that its code asks for, such as "cuda": the processor stands in
    varies: bool = False  # the module's own output is another one at each run
    part_of: str = ""  # the file of which only what the network needs was run
    refused_inputs: str = ""  # the usual ones, where it refused them and others were found
    found_inputs: str = ""

    @property
    def text(self) -> str:
        """Some sentences for the user; empty where there is nothing to say."""
        if self.status == "not run":
            return tr("Not compared with the module itself: {reason}.", reason=self.reason)
        if self.status == "differs":
            return join_sentences(
                (
                    self._difference_text,
                    self.opening_text,
                    self._reads_text,
                    self._devices_text,
                    self.count,
                    tr(_WAY_ON),
                )
            )
        return join_sentences(
            (
                self.opening_text,
                self._reads_text,
                self._other_input_text,
                self._devices_text,
                self.count,
            )
        )

    @property
    def warning(self) -> str:
        """What is wrong, in one sentence; empty where the output is equal."""
        return {"equal": "", "not run": self.text, "differs": self._difference_text}[self.status]

    @property
    def opening_text(self) -> str:
        """What was run of its file, where that is a part, and which inputs were found, where it refused the usual ones;
        else empty."""
        part = found = ""
        if self.part_of:
            part = tr("Of {file} only what the network needs was run, not what it does besides.", file=self.part_of)
        if self.found_inputs:
            found = tr(
                "Opened for {found}, the first of the usual sizes that it takes; {refused} is refused.",
                found=self.found_inputs,
                refused=self.refused_inputs,
            )
        return join_sentences((part, found))

    @property
    def _other_input_text(self) -> str:
        if not self.other_input:
            return ""
        return tr("What is shown fits inputs like the example; noise is refused: {reason}.", reason=self.other_input)

    @property
    def _reads_text(self) -> str:
        if not self.value_reads:
            return ""
        where = join_list(dict.fromkeys(path or tr("the outermost module") for path, _ in self.value_reads))
        if self.status == "differs":
            return tr("The code computes outside of torch in {where}: the example's numbers are kept.", where=where)
        return tr("The code looks at values in {where}: what is shown is the path that the example took.", where=where)

    @property
    def _devices_text(self) -> str:
        if not self.missing_devices:
            return ""
        names = join_list(kind.upper() for kind in self.missing_devices)
        return tr("Calls for {devices} were run on the processor.", devices=names)

    @property
    def _difference_text(self) -> str:
        if self.varies:
            return tr(
                "The module's own output is another one at each run, as it draws random numbers outside of torch: "
                "what is shown keeps those of the example."
            )
        if math.isinf(self.difference):
            size = tr("The output is of another form than the module's own")
        else:
            percent = f"{100 * self.difference:.2g}"
            size = tr("The output differs from the module's own by {percent} %", percent=percent)
        return tr("{size}, first at {node}.", size=size, node=self.first_node) if self.first_node else as_sentence(size)
