-- Waits, in a transaction, until no other one holds nights for this guest. $1 bigint guest
SELECT pg_advisory_xact_lock(hashtextextended('bookings.hold', $1::bigint))
