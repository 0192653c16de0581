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

# ---- Devices ----

tell "A serial can be typed by anybody. So the next ones have to prove who they are: Acme engraves a link on each machine" \
    "and puts the same link into its IDevID, a certificate for a key that never leaves it. Here both are made up."
run <<'COMMAND'
poa device maker --name Acme --id-link-host id.acme.example -o acme \
    2> /dev/null
COMMAND
run <<'COMMAND'
for n in 21 22 23 24; do
    poa device simulate --maker acme --serial SN-$n --model XY-1 \
        --id-link https://id.acme.example/SN-$n -o sn-$n 2> /dev/null
done; ls sn-21
COMMAND

tell "The mine's policy takes Acme's word. It also lets the owner grant so that a revocation leaves devices alone. The" \
    "server reads it anew."
run <<'COMMAND'
poa policy manufacturer site/policy.json --name Acme --ca acme/maker.pem \
    --id-link-host id.acme.example -o site/policy.json --force
COMMAND
run <<'COMMAND'
sed -i 's/"effect": "permanent"/&, "on_revoke": "stop_new"/' site/policy.json
COMMAND
run <<'COMMAND'
kill -HUP $!
COMMAND
for _ in $(seq 200); do
    grep -qF '"event":"reload"' server.log && break
    sleep 0.05
done
must_say server.log '"event":"reload"'

tell "A fitter gets three PoAs, one for each kind of machine. They ask for an IDevID, let no certificate live longer than" \
    "five minutes, and differ in what a revocation does to what came in."
run <<'COMMAND'
poa key new -o fitter.key --public fitter.jwk
COMMAND
run <<'COMMAND'
for what in stop_new review cascade; do
    poa grant --key owner.key --issuer owner.example --to fitter.jwk \
        --agent fitter-3 --audience mine.example --for 30d \
        --action onboard,read --location mine-7/hall-2 --device any \
        --evidence idevid --credential-lifetime 5m --effect until_exp \
        --on-revoke $what -o $what.poa 2> /dev/null
done
COMMAND

tell "The machine answers for itself: nobody types a serial. What ties the label to the key in the machine is on record."
run <<'COMMAND'
poa onboard --server $SERVER --chain cascade.poa --key fitter.key \
    --location mine-7/hall-2 --simulated sn-21
COMMAND
run <<'COMMAND'
ID=$(grep -o '[0-9a-f-]\{36\}' sn-21/state.json)
COMMAND
run <<'COMMAND'
poa device show $ID --server $SERVER --chain cascade.poa --key fitter.key \
    > device; grep -E '^(state|serial|id_link|link_evidence|evidence) ' device
COMMAND
must_say device 'link_evidence       idevid'

tell "Somebody copies the label of the next machine onto a box without its key. A copied engraving is worth nothing:"
expect 7 <<'COMMAND'
poa onboard --server $SERVER --chain review.poa --key fitter.key \
    --location mine-7/hall-2 --simulated sn-22 --misbehave cloned-label
COMMAND
run <<'COMMAND'
poa onboard --server $SERVER --chain review.poa --key fitter.key \
    --location mine-7/hall-2 --simulated sn-22
COMMAND
run <<'COMMAND'
poa onboard --server $SERVER --chain stop_new.poa --key fitter.key \
    --location mine-7/hall-2 --simulated sn-23
COMMAND


tell "From now on each machine re-establishes trust by itself, with its own key: no agent, no PoA. After a power cut it" \
    "comes at once, and gets a fresh certificate."
cp sn-22/credential.pem before
run <<'COMMAND'
openssl x509 -in sn-22/credential.pem -noout -serial
COMMAND
run <<'COMMAND'
poa device run sn-21 sn-22 sn-23 --server $SERVER --reason restart --once
COMMAND
run <<'COMMAND'
openssl x509 -in sn-22/credential.pem -noout -serial
COMMAND
if cmp -s sn-22/credential.pem before; then
    echo 'demo: the certificate is the same' >&2
    exit 1
fi

tell "The fitter's work is done. Before the owner takes everything back that names the fitter's key, it asks what that would do." \
    "Asking signs nothing."
run <<'COMMAND'
poa revoke --dry-run --key owner.key --target-key fitter.jwk \
    --reason cessationOfOperation --server $SERVER
COMMAND
poa revoke --dry-run --key owner.key --target-key fitter.jwk --reason cessationOfOperation --server "$SERVER" \
    >preview 2>/dev/null
must_say preview '3 PoAs seen, 3 devices: 3 active'
for effect in cascade review stop_new; do
    grep -q "^  1 would .*($effect)$" preview
done
run <<'COMMAND'
poa revoke --key owner.key --target-key fitter.jwk \
    --reason cessationOfOperation --server $SERVER -o left.jws
COMMAND

tell "As foretold: one machine goes on, one waits for somebody to answer for it, one is out. The" \
    "device of the technician, who lost the contractor's PoA, waits likewise. The foreman looks after all of them."
run <<'COMMAND'
poa key new -o foreman.key --public foreman.jwk
COMMAND
run <<'COMMAND'
poa grant --key owner.key --issuer owner.example --to foreman.jwk \
    --agent foreman --audience mine.example --for 30d \
    --action read,reestablish --location mine-7 --device any \
    --effect until_exp -o foreman.poa 2> /dev/null
COMMAND
run <<'COMMAND'
AS="--server $SERVER --chain foreman.poa --key foreman.key"
COMMAND
for _ in $(seq 200); do
    # shellcheck disable=SC2086,SC2153 # one word an option; what was run above set it
    [ "$(poa device list $AS --state suspended --json | grep -o '"state": *"suspended"' | wc -l)" -eq 1 ] && break
    sleep 0.05
done
run <<'COMMAND'
poa device list $AS --manufacturer Acme --location mine-7/hall-2 > list; cat list
COMMAND
for state in active review suspended; do
    grep -q " $state  *mine-7/hall-2 .* SN-2[123] " list
done

tell "Whoever talks to the machines sees it without asking this server: the certificate names the list of what is" \
    "revoked or held."
run <<'COMMAND'
CRL=$(openssl x509 -in sn-21/credential.pem -noout -ext crlDistributionPoints \
    | sed -n 's/.*URI://p')
COMMAND
run <<'COMMAND'
curl -s $CRL | openssl crl -inform DER -out site.crl
COMMAND
expect 2 <<'COMMAND'
openssl verify -crl_check -CAfile site/ca.pem -CRLfile site.crl \
    sn-21/credential.pem
COMMAND
run <<'COMMAND'
openssl verify -crl_check -CAfile site/ca.pem -CRLfile site.crl \
    sn-22/credential.pem sn-23/credential.pem
COMMAND


tell "The one in review runs on, but its trust is not renewed:"
expect 7 <<'COMMAND'
poa device run sn-22 --server $SERVER --reason restart --once
COMMAND

tell "The foreman answers for the one in review: from now on it stands under the foreman's PoA."
run <<'COMMAND'
poa device ratify $(grep -o '[0-9a-f-]\{36\}' sn-22/state.json) $AS
COMMAND


run <<'COMMAND'
poa device run sn-22 --server $SERVER --reason restart --once
COMMAND

tell "Where people shall have the last word, the power asks for approval. The technician's machine has to wait:"
run <<'COMMAND'
poa grant --key owner.key --issuer owner.example --to technician.jwk \
    --agent technician-17 --audience mine.example --for 8h \
    --action onboard --location mine-7/hall-2 --device any \
    --evidence idevid,approval --effect until_exp -o waits.poa 2> /dev/null
COMMAND
expect 7 <<'COMMAND'
poa onboard --server $SERVER --chain waits.poa --key technician.key \
    --location mine-7/hall-2 --simulated sn-24
COMMAND
run <<'COMMAND'
poa grant --key owner.key --issuer owner.example --to foreman.jwk \
    --agent foreman --audience mine.example --for 30d \
    --type administration --action approve --location mine-7 \
    -o gate.poa 2> /dev/null
COMMAND
run <<'COMMAND'
ID=$(poa device list $AS --state pending --json | grep -o '[0-9a-f-]\{36\}' \
    | head -n 1)
COMMAND
run <<'COMMAND'
poa device approve $ID --server $SERVER --chain gate.poa --key foreman.key
COMMAND
run <<'COMMAND'
poa onboard --server $SERVER --chain waits.poa --key technician.key \
    --location mine-7/hall-2 --simulated sn-24
COMMAND

tell "That was the story. It ran in a folder of its own, which is gone now; the README goes on from here."
