"""The built-in migration, which an absent ``.github/ssot.yml`` means, without its checklist.

Written by ``bot.config.frozen`` from the preset websocket-manager-factory: change that one.
"""

from bot.domain.migration import Action, Applicability, Condition, Config, Migration, Requirement, Rewrite, Target

CONFIG = Config(
    migrations=(
        Migration(
            name="websocket-manager-factory",
            targets=(
                Target(
                    name="netra_backend.app.websocket_core.websocket_manager_factory.get_websocket_manager_factory",
                    canonical="netra_backend.app.websocket_core.websocket_manager.WebSocketManager",
                ),
            ),
            rewrites=(
                Rewrite(
                    when=Condition.RESULT_UNUSED,
                    action=Action.DELETE_STATEMENT,
                    applicability=Applicability.SAFE,
                    message="The factory is created and never used.",
                ),
                Rewrite(
                    when=Condition.IMPORT_UNUSED,
                    action=Action.DELETE_STATEMENT,
                    applicability=Applicability.SAFE,
                    message="The name is imported and never used.",
                ),
                Rewrite(
                    when=Condition.ONLY_PROBED,
                    replace="$canonical",
                    applicability=Applicability.SAFE,
                    message="The code only tests that the factory exists; the class passes the same test.",
                ),
                Rewrite(
                    match="await $deprecated()($context)",
                    replace="$canonical(user_context=$context)",
                    safe_if={"$context": "netra_backend.app.services.user_execution_context.UserExecutionContext"},
                    message="The manager is created for the user's context, without the factory.",
                ),
                Rewrite(
                    match="await $deprecated().create_manager($context)",
                    replace="$canonical(user_context=$context)",
                    message="The factory reuses managers and limits their number; the class does neither.",
                ),
                Rewrite(
                    match="$deprecated().create_manager($context)",
                    replace="$canonical(user_context=$context)",
                    message="The factory reuses managers and limits their number; the class does neither.",
                ),
                Rewrite(
                    match="$deprecated().get_or_create_manager($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="The factory's registry has no replacement. Pass the user's manager to the code that needs it, and never create one without a context.",
                ),
                Rewrite(
                    match="$deprecated().get_factory_stats($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="The class has no statistics of all managers. Count connections where they are accepted.",
                ),
                Rewrite(
                    match="$deprecated().enforce_resource_limits($*args, $**kwargs)",
                    applicability=Applicability.DISPLAY_ONLY,
                    message="The class enforces no limits. Decide where to enforce them before the factory is removed.",
                ),
            ),
            requires=(
                Requirement(
                    symbol="netra_backend.app.websocket_core.websocket_manager.WebSocketManager",
                    parameter="user_context",
                ),
            ),
            exclude=("backups/**",),
            critical=("netra_backend/app/routes/**",),
            message="The factory is deprecated: create a WebSocketManager for the user's context, so that users stay isolated.",
            docs_url="https://github.com/netra-systems/netra-apex/issues/506",
            tracking_issue=506,
        ),
    )
)
