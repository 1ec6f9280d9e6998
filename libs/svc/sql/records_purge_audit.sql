-- Deletes what the audit log need not keep any longer, with the rights of its owner.
SELECT audit_log_purge(interval '730 days') AS total
