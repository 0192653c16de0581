#!/bin/bash
# The story of a power of attorney, on real keys, real HTTP, a real store and a real certificate. `./run demo` calls it;
# POA_BUILD names meson's build directory. Each command is printed as it can be typed again. Not zero when anything goes
# otherwise than told.
set -euo pipefail
export LC_ALL=C.UTF-8
build=$(readlink -f "${POA_BUILD:-build}")
export PATH=$build/cli:$build/authz-server:$PATH

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/poa-demo.XXXXXX")
server=''

# shellcheck disable=SC2317 # the trap calls it
finish() {
    local status=$?
    trap - EXIT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ]; then
        printf '\nThis did not go as told. What the server said last:\n' >&2
        tail -n 5 "$folder/server.log" >&2 2>/dev/null || true
    fi
    cd /
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT

tell() {
    printf '\n%s\n' "$(fmt -w 78 <<<"$*")"
}

# Print the command that stands on standard input, run it, and want this exit code of it. What it says goes where this
# script's own words go, so that the two stay in order.
expect() {
    local wanted=$1 text status=0
    text=$(cat)
    printf '\n%s$ %s%s\n' "$bold" "$text" "$plain"
    eval "$text" 2>&1 || status=$?
    if [ "$status" -ne "$wanted" ]; then
        printf 'demo: the command ended with %d, not with %d\n' "$status" "$wanted" >&2
        exit 1
    fi
}

run() {
    expect 0
}

must_say() {
    if ! grep -qF -- "$2" "$1"; then
        printf 'demo: %s does not say: %s\n' "$1" "$2" >&2
        exit 1
    fi
}

must_not_say() {
    if grep -qF -- "$2" "$1"; then
        printf 'demo: %s says: %s\n' "$1" "$2" >&2
        exit 1
    fi
}

cd "$folder"
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

tell "A mine lets a contractor bring devices onto its network, the contractor's technician does the work, and one day" \
    "the mine wants the contractor gone. Each holds a key of its own, made where it stays."
run <<COMMAND
export PATH=$build/cli:$build/authz-server:\$PATH
COMMAND
run <<'COMMAND'
for who in owner contractor technician; do poa key new -o $who.key --public $who.jwk; done
COMMAND

tell "The mine sets up its site, which trusts the owner's public key and nobody else's, and starts the server."
run <<COMMAND
poa-authz-server init --site mine.example --location mine-7 \\
    --owner owner.example=owner.jwk --listen 127.0.0.1:$port site > /dev/null
COMMAND
printf '\n%s$ poa-authz-server serve --config site/site.json 2> server.log &%s\n' "$bold" "$plain"
poa-authz-server serve --config site/site.json 2>server.log &
server=$!
run <<COMMAND
SERVER=http://127.0.0.1:$port
COMMAND
for _ in $(seq 200); do
    curl -sf -o ready "$SERVER/readyz" && break
    kill -0 "$server"
    sleep 0.05
done
must_say ready ready

tell "The owner gives the contractor a power of attorney: up to 20 devices in hall 2, for 30 days, and it may be passed" \
    "on once. What is signed is a file; nobody has to be online."
run <<'COMMAND'
poa grant --key owner.key --issuer owner.example \
    --to contractor.jwk --agent contractor.example --audience mine.example \
    --for 30d --depth 1 --action onboard,read --location mine-7/hall-2 \
    --device manufacturer=Acme,serial=SN-1* --max-devices 20 \
    --effect until_exp -o contractor.poa
COMMAND

tell "The contractor passes less of it on to its technician, offline: two devices, one bay, one shift. More than it was" \
    "given cannot be passed on:"
expect 8 <<'COMMAND'
poa subgrant contractor.poa --key contractor.key \
    --to technician.jwk --agent technician-17 --for 8h \
    --location mine-7/hall-3 --effect until_exp -o technician.poa
COMMAND
run <<'COMMAND'
poa subgrant contractor.poa --key contractor.key \
    --to technician.jwk --agent technician-17 --for 8h \
    --location mine-7/hall-2/bay-4 --max-devices 2 --effect until_exp \
    -o technician.poa
COMMAND
run <<'COMMAND'
poa inspect technician.poa
COMMAND

tell "Anybody who has the site's policy can see what the chain is worth:"
run <<'COMMAND'
poa verify technician.poa --policy site/policy.json --action onboard \
    --location mine-7/hall-2/bay-4 --device manufacturer=Acme,serial=SN-17 \
    > verdict
COMMAND
run <<'COMMAND'
head -n 1 verdict
COMMAND
must_say verdict PERMIT

tell "In the bay, the technician brings a device in. The server checks the chain, the proof of the technician's key and" \
    "the device's own key, and signs a certificate for the device."
run <<'COMMAND'
poa key new -o device.key
COMMAND
run <<'COMMAND'
poa onboard --server $SERVER --chain technician.poa --key technician.key \
    --location mine-7/hall-2/bay-4 --device manufacturer=Acme,serial=SN-17 \
    --device-key device.key -o device.pem
COMMAND
run <<'COMMAND'
openssl verify -CAfile site/ca.pem device.pem
COMMAND
run <<'COMMAND'
openssl x509 -in device.pem -noout -subject -enddate -ext subjectAltName
COMMAND

tell "The mine and the contractor part. The owner revokes what it gave the contractor; of the technician it need not" \
    "even know."
run <<'COMMAND'
poa revoke --key owner.key --chain contractor.poa --server $SERVER \
    --reason cessationOfOperation -o revocation.jws
COMMAND

tell "The technician's own PoA is not an hour old, and nobody revoked it. The next attempt is refused all the same:"
run <<'COMMAND'
poa key new -o other.key
COMMAND
expect 6 <<'COMMAND'
poa onboard --server $SERVER --chain technician.poa --key technician.key \
    --location mine-7/hall-2/bay-4 --device manufacturer=Acme,serial=SN-18 \
    --device-key other.key -o other.pem
COMMAND
[ ! -e other.pem ]

tell "Who relies on the technician's PoA elsewhere asks the server, and gets an answer that the site has signed. It is" \
    "a JWS; this is what it says:"
run <<'COMMAND'
ID=$(poa inspect technician.poa | sed -n 's/.* id  *//p' | tail -n 1)
COMMAND
run <<'COMMAND'
curl -s $SERVER/v1/revocations/$ID > answer.jws
COMMAND
run <<'COMMAND'
cut -d. -f2 answer.jws | tr -- -_ +/ | base64 -d 2> /dev/null > answer; cat answer; echo
COMMAND
must_say answer '"state":"revoked","origin":"inherited"'

tell "The server's log has the decision with its whole reason, and no token, key or signature:"
run <<'COMMAND'
grep '"code":"revoked"' server.log
COMMAND
must_not_say server.log "$(cut -d. -f3 contractor.poa)"
must_not_say server.log "$(cut -d. -f5 technician.poa)"

tell "That was the story. It ran in a folder of its own, which is gone now; the README goes on from here."
