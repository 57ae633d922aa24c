"""Issues and the conversation below them: comments, labels, reactions, locks."""

from bot.sandbox.errors import invalid
from bot.sandbox.model import Comment, Issue, IssueEdit, Label, Reaction, Repository, ReviewComment
from bot.sandbox.people import App, User
from bot.sandbox.shapes import conversation as shapes
from bot.sandbox.shapes import repositories
from bot.sandbox.shapes.conversation import CONTENTS
from bot.sandbox.world import Event, Obj, World


def open_issue(
    world: World,
    repo: Repository,
    *,
    title: str,
    body: str | None,
    author: User,
    app: App | None = None,
    labels: tuple[str, ...] = (),
) -> Issue:
    now = world.now()
    issue = Issue(
        id=world.next_id(), repo=repo, number=world.next_number(repo), title=title, body=body, author=author,
        via_app=app, created_at=now, updated_at=now,
    )  # fmt: skip
    issue.labels = [label(world, repo, name) for name in labels]
    repo.issues[issue.number] = issue
    world.register("I", issue)
    tell_issue(world, issue, "opened", author)
    return issue


def tell_issue(world: World, issue: Issue, action: str, sender: User, **fields: object) -> None:
    body: Obj = {"issue": shapes.issue_told(issue, world.url), **fields}
    world.emit(Event(name="issues", action=action, sender=sender, repo=issue.repo, fields=body))


def edit_issue(world: World, issue: Issue, sender: User, *, title: str | None, body: str | None) -> None:
    """Change title or body, without asking whether somebody else did meanwhile: there is no compare-and-swap."""
    changes: Obj = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body or ""}
        if not issue.edits:
            issue.edits.append(IssueEdit(editor=issue.author, at=issue.created_at, body=issue.body or ""))
        issue.body, issue.edited_at = body, world.now()
        issue.edits.append(IssueEdit(editor=sender, at=world.now(), body=body))
    if changes:
        issue.updated_at = world.now()
        tell_issue(world, issue, "edited", sender, changes=changes)


def set_state(world: World, issue: Issue, state: str, sender: User, *, reason: str | None = None) -> None:
    """Close or reopen an issue (not a pull request)."""
    if issue.state == state:
        return
    now = world.now()
    issue.state, issue.updated_at = state, now
    closed = state == "closed"
    issue.closed_at, issue.closed_by = (now, sender) if closed else (None, None)
    issue.state_reason = (reason or "completed") if closed else "reopened"
    tell_issue(world, issue, "closed" if closed else "reopened", sender)


def add_sub_issue(world: World, parent: Issue, child: Issue, sender: User) -> None:
    """Emits ``sub_issues`` in both repositories: each is told of the other's issue."""
    child.parent = parent
    parent.sub_issues.append(child)
    _tell_family(world, parent, child, "added", sender)


def remove_sub_issue(world: World, child: Issue, sender: User) -> None:
    if child.parent is not None:
        parent, child.parent = child.parent, None
        parent.sub_issues.remove(child)
        _tell_family(world, parent, child, "removed", sender)


def _tell_family(world: World, parent: Issue, child: Issue, what: str, sender: User) -> None:
    both: Obj = {
        "parent_issue_id": parent.id,
        "parent_issue": shapes.issue(parent, world.url),
        "sub_issue_id": child.id,
        "sub_issue": shapes.issue(child, world.url),
    }
    repository = repositories.repository
    above = {**both, "sub_issue_repo": repository(child.repo, world.url)}
    below = {**both, "parent_issue_repo": repository(parent.repo, world.url)}
    world.emit(Event(name="sub_issues", action=f"sub_issue_{what}", sender=sender, repo=parent.repo, fields=above))
    world.emit(Event(name="sub_issues", action=f"parent_issue_{what}", sender=sender, repo=child.repo, fields=below))


def comment(world: World, issue: Issue, body: str, author: User, app: App | None = None) -> Comment:
    now = world.now()
    made = Comment(
        id=world.next_id(), issue=issue, author=author, body=body, via_app=app, created_at=now, updated_at=now
    )
    issue.comments.append(made)
    issue.updated_at = now
    world.comments[made.id] = made
    world.register("IC", made)
    tell_comment(world, made, "created", author)
    return made


def tell_comment(world: World, of: Comment, action: str, sender: User, **fields: object) -> None:
    body: Obj = {
        "issue": shapes.issue_told(of.issue, world.url),
        "comment": shapes.comment(of, world.url),
        **fields,
    }
    world.emit(Event(name="issue_comment", action=action, sender=sender, repo=of.issue.repo, fields=body))


def edit_comment(world: World, of: Comment, body: str, sender: User) -> None:
    before, of.body, of.updated_at = of.body, body, world.now()
    tell_comment(world, of, "edited", sender, changes={"body": {"from": before}})


def delete_comment(world: World, of: Comment, sender: User) -> None:
    of.issue.comments.remove(of)
    del world.comments[of.id]
    of.deleted = True
    tell_comment(world, of, "deleted", sender)


def react(world: World, subject: Comment | Issue | ReviewComment, content: str, user: User) -> tuple[Reaction, bool]:
    """The user's reaction of that content, and whether it is new: one of each kind per user."""
    if content not in CONTENTS:
        raise invalid("Reaction", "content", code="invalid")
    for reaction in subject.reactions:
        if reaction.user is user and reaction.content == content:
            return reaction, False
    made = Reaction(id=world.next_id(), user=user, content=content, created_at=world.now())
    subject.reactions.append(made)
    return made, True


def label(world: World, repo: Repository, name: str) -> Label:
    """The repository's label of that name; adding an unknown one to an issue creates it."""
    found = repo.labels.get(name.lower())
    if found is None:
        found = repo.labels[name.lower()] = Label(id=world.next_id(), name=name)
    return found
