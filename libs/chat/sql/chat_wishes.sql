-- What was asked of answers that are being written, by any worker.
SELECT m.id, m.stop_asked, m.follow_asked FROM messages m WHERE m.status = 'streaming' AND (m.stop_asked OR m.follow_asked) LIMIT 1000
