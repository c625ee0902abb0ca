"""The kernel calls a lesson needs, by name and by number; all others are refused.

Numbers are those of the kernel's `unistd_64.h` (x86_64) and its generic table
(aarch64); `-` says that the processor has no such call. Left out on purpose,
though harmless inside walls of mounts: changes of modes, owners and times, which
Landlock does not look at, and memory files, which no memory limit counts.
"""

from functools import cache

NAMED = """
# files, by descriptor
read 0 63; write 1 64; readv 19 65; writev 20 66; pread64 17 67; pwrite64 18 68; preadv 295 69
pwritev 296 70; preadv2 327 286; pwritev2 328 287; lseek 8 62; close 3 57; close_range 436 436
dup 32 23; dup2 33 -; dup3 292 24; flock 73 32; fsync 74 82; fdatasync 75 83
sync_file_range 277 84; fallocate 285 47; ftruncate 77 46; fadvise64 221 223; sendfile 40 71
copy_file_range 326 285; pipe 22 -; pipe2 293 59; fcntl 72 25; ioctl 16 29
# files, by name: Landlock and the mounts decide which
open 2 -; openat 257 56; openat2 437 437; creat 85 -; stat 4 -; lstat 6 -; fstat 5 80
newfstatat 262 79; statx 332 291; access 21 -; faccessat 269 48; faccessat2 439 439
readlink 89 -; readlinkat 267 78; getdents 78 -; getdents64 217 61; getcwd 79 17; chdir 80 49
fchdir 81 50; truncate 76 45; rename 82 -; renameat 264 38; renameat2 316 276; mkdir 83 -
mkdirat 258 34; rmdir 84 -; unlink 87 -; unlinkat 263 35; link 86 -; linkat 265 37
symlink 88 -; symlinkat 266 36; statfs 137 43; fstatfs 138 44; umask 95 166
# memory
mmap 9 222; munmap 11 215; mprotect 10 226; mremap 25 216; madvise 28 233; msync 26 227
brk 12 214; membarrier 324 283
# threads of this process
clone 56 220; clone3 435 435; futex 202 98; futex_waitv 449 449; set_robust_list 273 99
set_tid_address 218 96; rseq 334 293; sched_yield 24 124; sched_getaffinity 204 123
sched_getparam 143 121; sched_getscheduler 145 120; sched_get_priority_max 146 125
sched_get_priority_min 147 126; getcpu 309 168; gettid 186 178; exit 60 93; exit_group 231 94
arch_prctl 158 -; restart_syscall 219 128; prctl 157 167
# its own signals
rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136
rt_sigtimedwait 128 137; rt_sigsuspend 130 133; sigaltstack 131 132; pause 34 -
kill 62 129; tgkill 234 131
# clocks and waiting
nanosleep 35 101; clock_nanosleep 230 115; clock_gettime 228 113; clock_getres 229 114
gettimeofday 96 169; time 201 -; times 100 153; alarm 37 -; getitimer 36 102; setitimer 38 103
poll 7 -; ppoll 271 73; select 23 -; pselect6 270 72; epoll_create 213 -; epoll_create1 291 20
epoll_ctl 233 21; epoll_wait 232 -; epoll_pwait 281 22; epoll_pwait2 441 441; eventfd 284 -
eventfd2 290 19
# local sockets
socket 41 198; socketpair 53 199; connect 42 203; bind 49 200; listen 50 201; accept 43 202
accept4 288 242; getsockname 51 204; getpeername 52 205; getsockopt 55 209; setsockopt 54 208
sendto 44 206; recvfrom 45 207; sendmsg 46 211; recvmsg 47 212; sendmmsg 307 269
recvmmsg 299 243; shutdown 48 210
# who and where am I
getpid 39 172; getppid 110 173; getuid 102 174; geteuid 107 175; getgid 104 176; getegid 108 177
getresuid 118 148; getresgid 120 150; getgroups 115 158; getpgrp 111 -; getpgid 121 155
getsid 124 156; uname 63 160; sysinfo 99 179; getrlimit 97 163; getrusage 98 165
getpriority 140 141; getrandom 318 278; wait4 61 260; waitid 247 95; prlimit64 302 261
"""

MACHINES = ("x86_64", "aarch64")
NEWEST = 462  # above it: answered "no such call", so that a C library takes its older way


@cache
def numbers(machine: str) -> dict[str, int]:
    """Look up the number of every allowed call on one processor."""
    column = 1 + MACHINES.index(machine)
    rows = [
        row.split()
        for line in NAMED.strip().splitlines()
        if not line.startswith("#")
        for row in line.split(";")
    ]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
