#!/usr/bin/env bash
# A tablet is stolen: every file that is in its folder, at every moment of a
# day's work and after each way in which a program can end, is searched for
# names, narratives, phone numbers and addresses, in many writings.
. "$(dirname "$0")/lib/office.bash"

words=$dir/words
cat >"$words" <<-'END'
	Quillonne Zephyrhart
	Zephyrhart
	xylophonic marmalade
	6625550147
	Larkspur Hollow
	vermilion umbrella
	obsidian pelican
	weathervane ledger
END
device=$dir/device card=$dir/card office_log=$dir/serve.log
mkdir "$device" "$card"
here=$(cd "$(dirname "$0")" && pwd)
search() { python3 "$here/lib/thief.py" "$words" "$@"; }
nothing() { # NAME PATH...: what lies there tells nothing
	local name=$1
	shift
	check "$name: nothing is readable" search "$@"
}
as() { # the vault stands in the device's folder
	local who=$1
	shift
	SATCHEL_VAULT=$device/$who.vault "$satchel" "$@"
}

# The search finds what it should, in each writing.
python3 - "$dir/found" <<-'END'
	import base64, gzip, sys, zlib
	word, salt = "the xylophonic marmalade of", b"..."
	raw = word.encode()
	deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
	writings = {"text": raw.upper(), "utf16": word.encode("utf-16-le"),
	    "utf16be": word.encode("utf-16-be"), "hex": raw.hex().upper().encode(),
	    "base64a": base64.b64encode(raw[4:]), "base64b": base64.b64encode(raw),
	    "base64c": base64.urlsafe_b64encode(raw[3:]), "zlib": zlib.compress(raw * 9),
	    "gzip": gzip.compress(raw * 9),
	    "raw": deflate.compress(raw * 9) + deflate.flush()}
	import os
	os.mkdir(sys.argv[1])
	for name, content in writings.items():
	    with open(os.path.join(sys.argv[1], name), "wb") as f:
	        f.write(salt + content + salt)
END
equal 'the search finds each writing' "$(for f in "$dir"/found/*; do
	search "$f" >"$dir/out" || basename "$f"
done | paste -sd ' ')" 'base64a base64b base64c gzip hex raw text utf16 utf16be zlib'
check 'and nothing where nothing is' search "$central"

make_office && start_server && enrol dana && enrol lee || exit 1
nothing 'an empty vault' "$device"
check 'a mirror stands on a card' as dana mirror "$card/dana.mirror"
person=$(as dana put person legal_name='Quillonne Zephyrhart' \
	phones+=6625550147)
check 'a contact is written' as dana contact "$person" --kind home_visit \
	--narrative 'the xylophonic marmalade was eaten at 17 Larkspur Hollow'
nothing 'unsent work' "$device" "$card"
equal 'the device itself can read it' "$(as dana show "$person" --json |
	grep -cE "Zephyrhart")" 1
as dana contact "$person" --kind wrong --narrative - \
	<<<'the vermilion umbrella stood in the hall' >"$dir/out" 2>&1
equal 'a refused text is kept' "$(as dana status --json | jq .drafts)" 1
nothing 'a draft' "$device" "$card"
echo 'a scan of an obsidian pelican' >"$dir/scan.txt"
contact=$(as dana list contact --json | jq -r '.[0].record')
check 'a file is attached' as dana attach "$contact" attachments "$dir/scan.txt" \
	--context "$(context dana "$contact")"
nothing 'an attachment' "$device" "$card"
check 'a bundle for the office is written' as dana bundle write "$device/out.bundle"
nothing 'a bundle' "$device"
check 'a sync' syncs dana
check 'the office takes the bundle, too' office bundle take \
	"$device/out.bundle" --reply "$device/in.bundle"
nothing 'the answer of the office' "$device" "$card"
check 'a colleague gets it' syncs lee
equal 'and can read it' "$(as lee list contact --json |
	grep -c 'xylophonic marmalade')" 1
nothing 'what was pulled' "$device" "$card"

# Programs at work: files of the moment, those that have no name any more, and
# what is left when they are killed.
"$satcheld" --vault "$device/dana.vault" "$device/lee.vault" \
	--passphrase-file "$SATCHEL_PASSPHRASE_FILE" "$SATCHEL_PASSPHRASE_FILE" \
	--socket "$device/socket" --log debug >"$device/satcheld.log" 2>&1 &
daemon=$!
until_true grep -q . "$device/satcheld.log"
for i in 1 2 3; do
	as dana contact "$person" --kind phone \
		--narrative "weathervane ledger number $i" >/dev/null
done
nothing 'while the daemon serves' "$device" "$card"
if [ -r "/proc/$daemon/fd" ]; then
	nothing 'what the daemon has open' "/proc/$daemon/fd"
else
	ok 'what the daemon has open: nobody but root can look'
fi
equal 'no image of it will be written' \
	"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$daemon/limits")" '0 0'
equal 'nor of the office' \
	"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$server_pid/limits")" \
	'0 0'
arrived() { office list contact --json | grep -q 'weathervane ledger number 3'; }
check 'the work arrives' until_true arrived
for round in 1 2; do
	while :; do
		as dana contact "$person" --kind phone \
			--narrative 'weathervane ledger again' >/dev/null 2>&1
	done &
	writer=$!
	until_true test -s "$device/dana.vault-wal"
	nothing "in the middle of writing, $round" "$device" "$card"
	kill -KILL "$writer" "$daemon" 2>/dev/null
	wait "$writer" "$daemon" 2>/dev/null
	nothing "after kill -9, $round" "$device" "$card"
	"$satcheld" --vault "$device/dana.vault" \
		--passphrase-file "$SATCHEL_PASSPHRASE_FILE" --socket "$device/socket" \
		>>"$device/satcheld.log" 2>&1 &
	daemon=$!
	until_true test -S "$device/socket"
done
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
check 'the vault is whole' as dana verify
cp "$device/dana.vault" "$device/torn.vault"
cp "$SATCHEL_DEVICE_SECRET_FILE" "$dir/secret.copy"
dd if=/dev/zero of="$device/torn.vault" bs=4096 seek=3 count=1 conv=notrunc \
	2>"$dir/err"
as lee salvage "$device/torn.vault" >"$device/salvage.out" 2>&1
nothing 'a damaged copy, and what salvaging it leaves' "$device" "$card"
nothing 'the log of the office' "$office_log"

# The office: its backup is a backup, all is in it but the keys.
check 'the office makes a backup' office backup --to "$dir/backup"
check 'whoever steals that can read it: disks of the office are encrypted' \
	sh -c "! python3 '$here/lib/thief.py' '$words' '$dir/backup' >/dev/null"
sed -n 's/^[a-z]* \([0-9a-f]\{32,\}\)$/\1/p' "$dir/office.keys/agency.keys" \
	>"$dir/secrets"
check 'the agency has its keys' test "$(wc -l <"$dir/secrets")" = 3
keyless() { # in hexadecimal, and as bytes
	python3 - "$dir/secrets" "$1" <<-'END'
		import os, sys
		secrets = [s.strip() for s in open(sys.argv[1])]
		paths = [sys.argv[2]] if os.path.isfile(sys.argv[2]) else [
		    os.path.join(d, n) for d, _, names in os.walk(sys.argv[2]) for n in names]
		assert paths
		for path in paths:
		    content = open(path, "rb").read()
		    for s in secrets:
		        assert s.encode() not in content, path
		        assert bytes.fromhex(s) not in content, path
	END
}
check 'no key of the agency is in the backup' keyless "$dir/backup"
check 'nor in the data directory' keyless "$dir/office"

# What a guess costs who has the files and the device secret.
sqlite3 "$device/dana.vault" 'SELECT kdf_ops, kdf_bytes FROM meta' >"$dir/kdf"
python3 - "$dir/kdf" <<-'END'
	import ctypes, ctypes.util, os, sys, time
	ops, size = map(int, open(sys.argv[1]).read().split("|"))
	sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
	out, salt = ctypes.create_string_buffer(32), os.urandom(16)
	taken = []
	for _ in range(5):
	    begin = time.process_time()
	    assert sodium.crypto_pwhash(out, ctypes.c_ulonglong(32), b"guess",
	        ctypes.c_ulonglong(5), salt, ctypes.c_ulonglong(ops),
	        ctypes.c_size_t(size), 2) == 0
	    taken.append(time.process_time() - begin)
	print("# a guess: Argon2id, %d passes over %d MiB, %.0f ms of one core here" % (
	    ops, size >> 20, min(taken) * 1000))
END
equal 'each guess takes 64 MiB and two passes at least' \
	"$(awk -F'|' '{ print ($1 >= 2 && $2 >= 67108864) }' "$dir/kdf")" 1
done_testing
