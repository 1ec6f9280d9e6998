-- Takes the rows out of a job that applied them: it must not do it again, and they are long. $1 bigint job
UPDATE jobs j SET payload = j.payload - 'chunks', updated_at = now() WHERE j.id = $1::bigint
