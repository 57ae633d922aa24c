"""The onboarding pull request: proposes a first configuration to a repository that has none."""
