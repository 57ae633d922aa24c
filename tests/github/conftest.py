"""The client against the sandbox GitHub, both on one clock that the test moves."""

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest

from bot.context import Bot
from bot.domain.effects import NewPullRequest, TreeCommit, TreeFile
from bot.domain.references import InstallationId, RepoRef, RepositoryId
from bot.github import GitHub, Performer, open_session, reads
from bot.sandbox import Repo, Sandbox
from tests.contract.checker import Contract
from tests.contract.observer import ContractObserver
from tests.contract.waivers import SANDBOX, Waiver, Waivers
from tests.github.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


FILE_COMMENTS = Waiver(
    subject="pulls/*review-comment* response 20*",
    pointer="*",
    message="null is not of type",
    reason="a comment on a whole file has no line and no position; the description is older than such comments",
)


@pytest.fixture
def contract_observer(contract: Contract) -> Iterator[ContractObserver]:
    """As everywhere, but for comments on whole files, which only this client's fallback writes."""
    observer = ContractObserver(contract, Waivers((*SANDBOX, FILE_COMMENTS)))
    yield observer
    if observer.mismatches:
        pytest.fail(f"the traffic breaks GitHub's contract:\n{observer.report()}", pytrace=False)


@pytest.fixture
async def github(clock: ManualClock, contract_observer: ContractObserver) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock.true_now, observer=contract_observer) as sandbox:
        yield sandbox


@pytest.fixture
async def gh(github: Sandbox, clock: ManualClock) -> AsyncIterator[GitHub]:
    """The client under test."""
    async with open_session() as session:
        yield GitHub(session, app_id=github.app.id, private_key=github.app.private_key, api_url=github.url, clock=clock)


@pytest.fixture
def performer(gh: GitHub) -> Performer:
    """What writes through the client."""
    return Performer(gh)


def ref_of(github: Sandbox, repo: Repo) -> RepoRef:
    """The reference that an event of this repository would carry."""
    owner, _, name = repo.full_name.partition("/")
    return RepoRef(
        installation=InstallationId(github.installation(repo).id), id=RepositoryId(repo.id), owner=owner, name=name
    )


@pytest.fixture
async def ref(github: Sandbox, repo: Repo) -> RepoRef:
    """``acme/app``."""
    return ref_of(github, repo)


async def open_as_app(bot: Bot, repo: RepoRef, branch: str, files: Mapping[str, bytes], body: str = "") -> int:
    """A pull request of the App's own against the default branch; returns its number."""
    gh = bot.github
    repository = await reads.repository(gh, repo)
    head = await reads.branch_head(gh, repo, repository.default_branch)
    changes = tuple(TreeFile(path=path, content=content) for path, content in files.items())
    commit = TreeCommit(repo=repo, branch=branch, before=None, parent=head, message="Change", files=changes)
    await bot.performer.perform(commit)
    new = NewPullRequest(repo=repo, title="Change", head=branch, base=repository.default_branch, body=body)
    return (await bot.performer.perform(new)).number
