-- The roles of one product and one of its databases. Idempotent. Run by a superuser:
--   psql -d postgres -v product=bestays -v database=bestays_db_dev -f scripts/lib/provision.sql
-- Passwords, where set, come from MIGRATE_PASSWORD, USER_PASSWORD and RO_PASSWORD in the environment.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SELECT :'product' || '_owner' AS owner, :'product' || '_migrate' AS migrate,
    :'product' || '_user' AS server, :'product' || '_ro' AS reader \gset
\set migrate_password ''
\set server_password ''
\set reader_password ''
\getenv migrate_password MIGRATE_PASSWORD
\getenv server_password USER_PASSWORD
\getenv reader_password RO_PASSWORD

-- Owner: owns database and tables, nobody signs in as it. Migrate: becomes the owner. User: the server. Ro: reports.
SELECT format('CREATE ROLE %I %s', role, login)
FROM (VALUES (:'owner', 'NOLOGIN'), (:'migrate', 'LOGIN'), (:'server', 'LOGIN'), (:'reader', 'LOGIN')) r (role, login)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', role, password)
FROM (VALUES (:'migrate', :'migrate_password'), (:'server', :'server_password'), (:'reader', :'reader_password'))
    r (role, password)
WHERE password <> '' \gexec
GRANT :"owner" TO :"migrate";

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LOCALE %L', :'database', :'owner', 'UTF8', 'C.UTF-8')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
-- Every role may connect to every database unless this is taken away.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"migrate", :"server", :"reader";

\connect :"database"
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"server", :"reader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"server";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"server";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT ON TABLES TO :"reader";
