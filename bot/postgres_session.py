"""How every connection to PostgreSQL is made: nothing waits for ever for a silent network or for somebody's lock."""

CONNECTING = {
    "application_name": "ssot-bot",
    "connect_timeout": "5",
    "tcp_user_timeout": "8000",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
}
SESSION = (
    # GitHub waits for 10 s: refuse a write that takes longer.  A process that was stopped in the middle of a
    # transaction holds nobody up for longer than 5 s.
    "SET statement_timeout = 8000; SET idle_in_transaction_session_timeout = 5000; SET synchronous_commit = on;"
    " SET client_min_messages = warning"
)
