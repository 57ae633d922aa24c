"""What a change adds: unified diffs, new usages, and which fixes GitHub can show as suggestions."""
