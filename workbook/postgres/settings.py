"""How our servers are set: nothing to keep, so fast; and who may enter which database."""

ADMIN, READER = "postgres", "reader"
#: Those who may create databases beside their own; each database still says whom it lets in.
MAKERS = "makers"

MEMORY = 512 * 1024
"""The KiB of address space that the server and each of its connections may have."""
SETTINGS = """\
max_connections = 200
# Tables of a schema for each tenant, made in one transaction, are a lock each.
max_locks_per_transaction = 256
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
# By itself 8 GB of disk, which a listener who never reads can fill; no lesson notifies anybody.
max_notify_queue_pages = 2048
autovacuum = off
jit = off
io_method = sync
max_parallel_workers_per_gather = 0
# Passwords here are long and random, so many rounds would only cost time.
password_encryption = scram-sha-256
scram_iterations = 1
timezone = UTC
log_timezone = UTC
lc_messages = C
logging_collector = on
log_destination = jsonlog
log_filename = '%Y%m%d-%H%M%S.log'
log_rotation_size = 16MB
log_rotation_age = 0
log_parameter_max_length = 0
log_min_error_statement = panic
log_checkpoints = off
log_lock_waits = off
log_connections = ''
"""

ACCESS = f"""\
local all       {ADMIN}                 scram-sha-256
local all       {READER}                scram-sha-256
local sameuser  all                     scram-sha-256
local all       +{MAKERS}               scram-sha-256
host  all       {ADMIN}   127.0.0.1/32  scram-sha-256
host  all       {READER}  127.0.0.1/32  scram-sha-256
host  sameuser  all       127.0.0.1/32  scram-sha-256
host  all       +{MAKERS} 127.0.0.1/32  scram-sha-256
"""
