-- What every product has: settings, people, and the records of what was done.

CREATE TABLE settings (
    key        text PRIMARY KEY,
    value      jsonb NOT NULL,
    updated_by bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    int NOT NULL DEFAULT 1
);

CREATE TABLE users (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clerk_user_id    text NOT NULL UNIQUE,
    email            text, -- not unique: a person who deletes an account and returns has two rows
    email_verified   boolean NOT NULL DEFAULT false,
    display_name     text,
    avatar_url       text,
    phone            text,
    locale           text,
    currency         char(3),
    role             text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'agent', 'admin')),
    status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    clerk_updated_at timestamptz,
    last_seen_at     timestamptz,
    deleted_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    version          int NOT NULL DEFAULT 1
);
CREATE INDEX users_email ON users (lower(email));
CREATE INDEX users_created ON users (created_at DESC, id DESC);
ALTER TABLE settings ADD FOREIGN KEY (updated_by) REFERENCES users;

CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor_id   bigint REFERENCES users,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'system', 'cli', 'webhook')),
    action     text NOT NULL,
    entity     text NOT NULL,
    entity_id  bigint NOT NULL,
    before     jsonb,
    after      jsonb,
    request_id text NOT NULL DEFAULT '',
    ip_hash    bytea
);
CREATE INDEX audit_log_entity ON audit_log (entity, entity_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, id);

-- The server's role may add and read, nothing else: whoever was given more by default loses it here.
DO $$
DECLARE
    grantee text;
BEGIN
    FOR grantee IN
        SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
        WHERE g.table_schema = current_schema() AND g.table_name = 'audit_log' AND g.grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON audit_log FROM %I', grantee);
    END LOOP;
END
$$;

CREATE FUNCTION audit_log_purge(keep interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    purged bigint;
BEGIN
    IF keep < interval '730 days' THEN
        RAISE EXCEPTION 'the audit log is kept for 730 days at least' USING ERRCODE = '22023';
    END IF;
    DELETE FROM audit_log WHERE at < now() - keep;
    GET DIAGNOSTICS purged = ROW_COUNT;
    RETURN purged;
END
$$;

CREATE TABLE jobs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    payload      jsonb NOT NULL DEFAULT '{}',
    status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed')),
    attempts     int NOT NULL DEFAULT 0,
    max_attempts int NOT NULL DEFAULT 5,
    run_at       timestamptz NOT NULL DEFAULT now(),
    locked_by    text,
    locked_until timestamptz,
    dedupe_key   text,
    progress     jsonb NOT NULL DEFAULT '{}',
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX jobs_dedupe ON jobs (dedupe_key) WHERE status IN ('queued', 'running');
CREATE INDEX jobs_due ON jobs (status, run_at);

CREATE TABLE idempotency_keys (
    principal   text NOT NULL,
    route       text NOT NULL,
    key         text NOT NULL,
    body_hash   bytea NOT NULL,
    status      text NOT NULL CHECK (status IN ('running', 'done')),
    http_status int,
    response    bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE webhook_events (
    provider     text NOT NULL,
    external_id  text NOT NULL,
    type         text NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    error        text,
    PRIMARY KEY (provider, external_id)
);
CREATE INDEX webhook_events_received ON webhook_events (received_at);

CREATE TABLE fx_rates (
    base   char(3) NOT NULL,
    quote  char(3) NOT NULL,
    rate   numeric(20, 10) NOT NULL CHECK (rate > 0),
    as_of  date NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (base, quote, as_of)
);
