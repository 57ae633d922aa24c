"""The review of a change by the engine: pure and picklable in and out, for a process that can be killed."""

from collections.abc import Sequence
from functools import partial

from bot.domain.file_result import FileChange, FileReview
from bot.domain.migration import Migration
from bot.engine.diff.changes import Hunks, review_changes
from bot.engine.program.index import Index
from bot.engine.scan import scan_file


def review_files(
    changes: Sequence[FileChange],
    migrations: Sequence[Migration],
    index: Index,
    hunks: Hunks | None = None,
    *,
    base_index: Index | None = None,
    patient: bool = False,
) -> tuple[FileReview, ...]:
    """A review of each change, in their order.

    Give all files of a pull request at once: what moves from one to another is not new.  ``hunks`` are GitHub's, by
    head path; a file that they lack, or whose hunks are of another blob, is compared here.  ``base_index`` resolves
    the merge base's side (``index`` does both when it is missing); what either side wants is on the reports.  With
    ``patient`` no fix is planned in a file that wants modules: the caller asks again when they are there.
    """
    scan_base = partial(scan_file, migrations=migrations, index=base_index or index, fixes=False)
    scan_head = partial(scan_file, migrations=migrations, index=index, patient=patient)
    return review_changes(changes, scan_head, scan_base, hunks or {})
