#!/usr/bin/env bash
# The whole journey of a security profile on this machine: init, put, test, assign, token, call, deny, refused.
#
#   docs/journey.sh        the profiles lie in a folder
#   docs/journey.sh ssm    in SSM Parameter Store: moto's, on loopback, which ./check installs into .venv
#
# Shows each command as it is typed and what it answers. Exit status 0 only where every step answered as it should.
set -euo pipefail
unset CDPATH
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

store="${1:-folder}"
# BIN_DIR: where `profiles` has been built already.
if [ -z "${BIN_DIR:-}" ]; then
    cargo build --quiet --locked --bin profiles
    BIN_DIR="${CARGO_TARGET_DIR:-target}/debug"
fi
BIN_DIR="$(cd "$BIN_DIR" && pwd)"
moto_server="${MOTO_SERVER:-$PWD/.venv/bin/moto_server}"
work="$(mktemp -d)"
started=()

finish() {
    local status=$?
    for process in ${started[@]+"${started[@]}"}; do
        kill "$process" 2>/dev/null || true
    done
    wait
    if [ "$status" -ne 0 ]; then
        echo "journey: FAILED; what the gateways logged:" >&2
        tail -n 5 "$work"/*.log >&2 || true
    fi
    rm -rf "$work"
}
trap finish EXIT
cd "$work"

# Where the next command reads from.
input=/dev/null
answer=

# typed COMMAND...: prints a command as one types it.
typed() {
    printf '\n$ %s' "$(printf '%q ' "$@" | sed 's/ $//')"
    [ "$input" = /dev/null ] || printf ' < %s' "$input"
    printf '\n'
}

# told: prints the answer, its token cut short.
told() { printf '%s\n' "$answer" | sed 's/\("access_token":"[^"]\{10\}\)[^"]*/\1.../'; }

# shown COMMAND...: runs a command that must succeed, and keeps its output in $answer.
shown() {
    typed "$@"
    answer="$("$@" 2>&1 <"$input")" || {
        told
        return 1
    }
    told
    input=/dev/null
}

# refused COMMAND...: the same where the command must fail.
refused() {
    typed "$@"
    if answer="$("$@" 2>&1 <"$input")"; then
        told
        echo "journey: expected a refusal" >&2
        return 1
    fi
    told
    input=/dev/null
}

# call ARGUMENT...: asks for a path of the API, and keeps the status.
call() {
    typed curl "$@"
    answer="$(curl --silent --output /dev/null --write-out '%{http_code}' "$@")"
    told
}

# expect TEXT: the last answer must hold it.
expect() {
    case "$answer" in
        *"$1"*) ;;
        *)
            echo "journey: expected \`$1\`" >&2
            return 1
            ;;
    esac
}

# start LOG COMMAND...: runs it beside this script until the end.
start() {
    local log="$1"
    shift
    "$@" >"$log" 2>&1 </dev/null &
    started+=("$!")
}

# wait_for LOG EXPRESSION: prints what sed finds in a log, as soon as it is there.
wait_for() {
    local found
    for _ in $(seq 300); do
        found="$(sed -n "$2" "$1" 2>/dev/null | head -n 1)"
        if [ -n "$found" ]; then
            printf '%s' "$found"
            return
        fi
        sleep 0.1
    done
    echo "journey: $1 never said what was waited for" >&2
    return 1
}

PATH="$BIN_DIR:$PATH"
# The stand-in's issuer is plain HTTP on this machine.
export ALLOW_LOOPBACK_HTTP=true NO_COLOR=1
unset PROFILES PROFILE_ROOT PROFILE_TTL_SECONDS AUTHORIZER_RESPONSE OKTA_PROXY

case "$store" in
    folder)
        mkdir store
        export PROFILE_STORE="file:$work/store"
        ;;
    ssm)
        start moto.log "$moto_server" --host 127.0.0.1 --port 0
        export AWS_ENDPOINT_URL_SSM
        AWS_ENDPOINT_URL_SSM="$(wait_for moto.log 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p')"
        export PROFILE_STORE=ssm AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing
        ;;
    *)
        echo "journey: unknown store \`$store\`; expected \`folder\` or \`ssm\`" >&2
        exit 2
        ;;
esac

# Okta's place is taken by the stand-in of `profiles local`, with its client `demo-client`.
start okta.log profiles local --port 0 --okta-port 0
issuer="$(wait_for okta.log 's/^ *issuer *//p')"

printf '\n%s\n' "== init: a document to begin with"
shown profiles init orders --audience api://orders --scope CustomScope
refused profiles lint orders.yaml
expect yourOktaDomain
sed "s|^issuer:.*|issuer: $issuer|" orders.yaml >edited.yaml
mv edited.yaml orders.yaml
shown profiles lint orders.yaml

printf '\n%s\n' "== put: stored, with a client for tests"
printf 'demo-secret\n' >secret
input=secret
shown profiles put orders orders.yaml --client-id demo-client

printf '\n%s\n' "== test: the Test button"
shown profiles test orders
sed 's|api://orders|api://other|' orders.yaml >wrong.yaml
input=secret
shown profiles put wrong wrong.yaml --client-id demo-client
refused profiles test wrong
expect "FAIL  audience"
shown profiles delete wrong --yes

printf '\n%s\n' "== assign: where it applies"
shown profiles assign orders local00001/local
shown profiles list

# The gateway reads the same store as the functions do.
start gateway.log profiles local --store "$PROFILE_STORE" --port 0 --api local00001/local
gateway="$(wait_for gateway.log 's/^ *API *\(http:[^ ]*[0-9]\).*/\1/p')"

printf '\n%s\n' "== token: from the profile's own token URL"
shown curl --silent --user demo-client:demo-secret --data grant_type=client_credentials "$gateway/oauth2/orders/v1/token"
expect '"access_token"'
token="$(printf '%s' "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"

printf '\n%s\n' "== call: with the token, and without"
printf 'header = "Authorization: Bearer %s"\n' "$token" >with-token
call --config with-token "$gateway/orders/1"
expect 200
call "$gateway/orders/1"
expect 401
printf '%s' "$token" >token
input=token
shown profiles explain -

printf '\n%s\n' "== deny: the emergency list"
shown profiles deny add --cid demo-client
# The local gateway reads the store again within five seconds; a deployed function within PROFILE_TTL_SECONDS.
for _ in $(seq 60); do
    call --config with-token "$gateway/orders/1" >call.log
    [ "$answer" = 200 ] || break
    sleep 0.5
done
cat call.log
expect 403
shown profiles deny remove --cid demo-client

printf '\njourney: every step answered as it should\n'
