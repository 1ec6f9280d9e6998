-- What is asked of an answer by another worker than the one that writes it: to end, to be read there.

ALTER TABLE messages ADD COLUMN follow_asked boolean NOT NULL DEFAULT false;
CREATE INDEX messages_wishes ON messages (id) WHERE status = 'streaming' AND (stop_asked OR follow_asked);
