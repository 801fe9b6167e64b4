import { type ChildProcess, spawn } from "node:child_process";

/**
 * Lets nothing outlive this process, however it ends: a shell waits for the other end of a pipe to
 * close, and then kills what it was told of. Handlers of `exit` would not run after SIGKILL.
 */
export function endWithUs(what: { pid: number } | { dataDir: string }): void {
  reaper ??= startReaper();
  reaper.stdin?.write("pid" in what ? `pid ${what.pid}\n` : `dir ${what.dataDir}\n`);
}

let reaper: ChildProcess | null = null;

/**
 * A pid is taken together with the ticks at which its process began: at the end it may be a
 * stranger's. A data folder names those that run with it in pid files, with their ticks last.
 */
const SCRIPT = String.raw`
ticks() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
end() { [ -n "$2" ] && [ "$(ticks "$1")" = "$2" ] && kill -9 "$1"; }
all=
while read -r kind what; do
  case $kind in
    pid) all="$all pid:$what:$(ticks "$what")" ;;
    dir) all="$all dir:$what" ;;
  esac
done
for one in $all; do
  case $one in
    pid:*) one=\${one#pid:}; end "\${one%%:*}" "\${one#*:}" ;;
    dir:*)
      dir=\${one#dir:}
      for file in $(find "$dir" -name '*.pid' 2>/dev/null); do
        end $(sed 's/.*"pid":\([0-9]*\).* \([0-9]*\)".*/\1 \2/' "$file")
      done
      if [ -L "$dir/postgres" ]; then rm -rf "$(readlink "$dir/postgres")"; fi
      rm -rf "$dir" ;;
  esac
done
`.replaceAll("\\$", "$");

function startReaper(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    // Ctrl-C must not end it before its work is done.
    detached: true,
  });
  child.unref();
  // The pipe must not keep the test run open either.
  if (child.stdin !== null && "unref" in child.stdin) (child.stdin as { unref(): void }).unref();
  return child;
}
