"""GraphQL documents that ask for much at once."""

_WHO = """
fragment Who on Actor { __typename login ... on Bot { databaseId } ... on User { databaseId } }
"""
"""Who wrote something: an App by the id of its account, which its name is not."""
_THREAD = """
          id isResolved isOutdated path line resolvedBy { databaseId login }
          comments(first: 100) { nodes { databaseId body author { ...Who } } }
"""
"""The fields of a review thread, as `bot.github.reads.talk.thread_page` reads them."""
CONVERSATION = (
    """
query Conversation(
  $owner: String!, $name: String!, $number: Int!, $branch: String!, $config: String!, $page: Int!
) {
  repository(owner: $owner, name: $name) {
    databaseId
    ref(qualifiedName: $branch) { target { oid } }
    config: object(expression: $config) { __typename oid ... on Blob { isBinary isTruncated text } }
    pullRequest(number: $number) {
      id number title url state isDraft locked merged author { ...Who }
      baseRefName baseRefOid headRefName headRefOid headRepository { databaseId nameWithOwner }
      maintainerCanModify changedFiles
      comments(first: $page) {
        pageInfo { hasNextPage }
        nodes { id fullDatabaseId url body createdAt updatedAt author { ...Who } }
      }
      reviews(first: $page) {
        pageInfo { hasNextPage }
        nodes { id fullDatabaseId url body submittedAt author { ...Who } }
      }
      reviewThreads(first: $page) {
        pageInfo { hasNextPage endCursor }
        nodes {
"""
    + _THREAD
    + """        }
      }
    }
  }
}
"""
    + _WHO
)
STANDING = """
query Standing($owner: String!, $name: String!, $head: GitObjectID!, $app: Int!, $check: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequests(states: [OPEN], first: 100) { totalCount nodes { number headRefOid } }
    object(oid: $head) {
      ... on Commit {
        checkSuites(first: 10, filterBy: {appId: $app}) {
          pageInfo { hasNextPage }
          nodes {
            checkRuns(first: 50, filterBy: {appId: $app, checkName: $check, checkType: ALL}) {
              pageInfo { hasNextPage }
              nodes { databaseId name status conclusion externalId title summary }
            }
          }
        }
      }
    }
  }
}
"""

LINKED_PULLS = (
    """
query LinkedPulls($owner: String!, $name: String!, $number: Int!, $after: String, $size: Int!) {
  repository(owner: $owner, name: $name) {
    databaseId
    issue(number: $number) {
      closedByPullRequestsReferences(first: 100, includeClosedPrs: true) { nodes { __typename ...Linked } }
      timelineItems(first: $size, after: $after, itemTypes: [CROSS_REFERENCED_EVENT]) {
        pageInfo { hasNextPage endCursor }
        nodes {
          ... on CrossReferencedEvent { isCrossRepository source { __typename ...Linked } }
        }
      }
    }
  }
}
fragment Linked on PullRequest {
  number title state isDraft url createdAt closedAt mergedAt headRefName author { ...Who }
}
"""
    + _WHO
)

REVIEW_THREADS = (
    """
query ReviewThreads($owner: String!, $name: String!, $number: Int!, $after: String, $size: Int!) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      reviewThreads(first: $size, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
"""
    + _THREAD
    + """        }
      }
    }
  }
}
"""
    + _WHO
)

PULL_BRANCH = """
query PullBranch(
  $owner: String!, $name: String!, $number: Int!, $app: Int!, $check: String!, $size: Int!, $queue: Boolean!
) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      isInMergeQueue @include(if: $queue)
      headRefName
      commits(last: $size) { nodes { commit { message ...Pushed } } }
      timelineItems(last: $size, itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT]) {
        pageInfo { hasPreviousPage }
        nodes { ... on HeadRefForcePushedEvent { createdAt beforeCommit { ...Pushed } } }
      }
    }
  }
}
fragment Pushed on Commit {
  oid
  parents(first: 1) { nodes { oid } }
  checkSuites(first: 1, filterBy: {appId: $app}) {
    nodes {
      createdAt branch { name }
      checkRuns(first: 10, filterBy: {appId: $app, checkName: $check, checkType: ALL}) {
        nodes { externalId startedAt }
      }
    }
  }
}
"""
