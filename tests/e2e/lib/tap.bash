# A wire with somebody listening (tap_proxy.py), for scripts that have sourced
# office.bash.  tap_begin puts it between the office and who enrols after it.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tap=$dir/tap
tap_begin() {
	mkdir "$tap"
	python3 "$here/tap_proxy.py" "$port" "$tap" 2>"$dir/tap.err" &
	tap_pid=$!
	trap 'kill $tap_pid 2>/dev/null; finish' EXIT
	until_true test -s "$tap/port" || return 1
	tapped=http://$host:$(cat "$tap/port")
}
tap_forget() { rm -f "$tap"/*.up "$tap"/*.down; } # what was said till now
# All that was said since, line by line, in $dir/trace; false when it cannot be
# read.
tap_trace() {
	python3 "$here/tap_read.py" "$tap" "$here/../../vectors/dictionary_1.bin" \
		>"$dir/trace" 2>"$dir/tap.err"
}
