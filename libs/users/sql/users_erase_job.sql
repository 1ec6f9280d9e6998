-- The job that erases a person, the last one if there are several. $1 text its key
SELECT j.id FROM jobs j WHERE j.kind = 'users.erase' AND j.dedupe_key = $1::text ORDER BY j.id DESC LIMIT 1
