#!/bin/sh
# As the image's own: templates are filled in with the variables that the environment has, and with no others.
set -eu
names=$(env | sed -n 's/^\([A-Z][A-Z_]*\)=.*/${\1}/p' | tr '\n' ' ')
for file in /etc/nginx/templates/*.template; do
    envsubst "$names" <"$file" >"/etc/nginx/conf.d/$(basename "$file" .template)"
done
exec "$@"
