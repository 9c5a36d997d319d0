# An upload that stands still where a test wants it: dana's link to the office is
# lib/cut_proxy.py, whose folder is $link.
sent() { cat "$link/count"; }
# Bytes that have arrived of what is on its way.
part() { find "$dir/office/blobs" -name '*.part' -printf '%s\n' | grep . || echo 0; }
has() { [ "$(part)" -gt "$1" ]; }
sync_aside() { # dana syncs; kills of $device hit the program itself
	SATCHEL_VAULT=$dir/dana.vault "$satchel" sync >"$dir/aside" 2>&1 &
	device=$!
}
goes_on_aside() { kill -0 "$device" 2>/dev/null || sync_aside; }
kill_device() {
	kill -KILL "$device"
	wait "$device" 2>/dev/null
}
hold_after() { # BYTES: no more than so many go up from here on
	echo $(($(sent) + $1)) >"$link/hold.new"
	mv "$link/hold.new" "$link/hold"
}
# comes_to BYTES STEP: dana syncs aside until so many have arrived, and a step
# more at most: the link stands still then.
comes_to() {
	hold_after "$2"
	sync_aside
	until_true creeps "$1" "$2"
}
creeps() {
	has "$1" && return
	goes_on_aside
	hold_after "$2"
	return 1
}
