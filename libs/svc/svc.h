/* svc/svc.h - the process: settings, sub-commands, master and workers. */
#ifndef SVC_SVC_H
#define SVC_SVC_H

struct product;

/* serve (default), migrate [--status], validate-migration --from URL --to URL,
 * selftest isolation --other FILE, seed [--from DIR], check-config [--markdown], openapi,
 * user set-role --clerk-id ID --role ROLE, dev-token [--sub S] [--email E] [--role R]; each with --env-file FILE.
 * Exit codes: 0, 1 databases differ or a self-test failed, 64 usage, 69 a service is unavailable, 70 internal, 78 settings. */
int svc_main(int argc, char **argv, const struct product *product);

#endif
