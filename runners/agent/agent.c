/*
 * Executes sequences of KVM ioctls that arrive on a byte stream. PROTOCOL.md beside this file is the contract.
 * It runs as a child process or over ssh on its standard streams, or as /init of a guest on a virtio port.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the protocol is little-endian, and so must the machine be"
#endif

enum { VERSION = 2, MAGIC = 0x414d564b, LONGEST_REQUEST = 1 << 20 };
enum { HELLO = 1, READ_FILE, EXECUTE, EXECUTE_STEPWISE, ERROR = 0x80, ANSWER };
enum { CLOSE, IOCTL, OPEN, MAP, END };
enum { IN_STRUCT, BEHIND_POINTER, IN_RUN_PAGE };
enum { NUMBER, POINTER, DESCRIPTOR };
enum { FINE, UNMAPPED, READ_ONLY, FAULTS_AFTER };
enum { MEMORY = 6 * 256, NO_HANDLE = 7 * 256, MOST_CALLS = 4096, MOST_FIELDS = 16, MOST_LOG = 0xffff };
enum { REACH = 65536, CLEARED_BEHIND = 64, IMMEDIATE_EXIT = 1, POPULATE_WRITE = 23 /* MADV_POPULATE_WRITE */, RETRY_SIGNAL_US = 10000 };

struct header { uint32_t magic, length; uint16_t version, kind; uint32_t tag; };
struct field { uint8_t place, width, meaning, pad; uint32_t offset; uint64_t through, value; };
struct call {
	uint8_t op, fields; uint16_t on, as, pad;
	uint32_t request, size, map, limit;
	uint64_t argument;
	struct field field[];
};
struct outcome { uint8_t made, changes; uint16_t log; int32_t result; } __attribute__((packed));
struct change { uint64_t field, value; };

static const uint32_t reach[] = { [IN_STRUCT] = REACH, [BEHIND_POINTER] = REACH, [IN_RUN_PAGE] = 4096 };
static const char *const files[] = { "/dev/kvm", "/dev/null" };

static int in = 0, out = 1, messages = -1, warn_once = -1, first_free;
static struct { uint8_t *page; uint32_t length; int descriptor; } handles[NO_HANDLE + 1];
static struct header request;

/* So that the calls, which follow their number of 4, are aligned. */
static struct { uint32_t pad; uint8_t body[LONGEST_REQUEST + 1]; } __attribute__((aligned(8))) message;

static uint8_t answer[sizeof(struct header) + MOST_LOG + sizeof(struct outcome)
	+ MOST_CALLS * (sizeof(struct outcome) + MOST_FIELDS * sizeof(struct change))];
static size_t answered = sizeof(struct header), logged;

static int result_of(long result) { return result < 0 ? -errno : (int)result; }

/* ---- the stream ---- */

/* How many bytes came: fewer than asked for where the stream ends. */
static size_t read_all(int file, void *to, size_t length)
{
	size_t done = 0;
	ssize_t n = 1;
	while (done < length && ((n = read(file, (uint8_t *)to + done, length - done)) > 0 || (n < 0 && errno == EINTR)))
		done += n > 0 ? (size_t)n : 0;
	return done;
}

static void *put(const void *from, size_t length)
{
	void *to = memcpy(answer + answered, from, length);
	answered += length;
	return to;
}

/* Sends what was put, or that something was wrong. */
static void send_answer(const char *wrong, uint32_t tag)
{
	if (wrong)
		put(wrong, strlen(wrong));
	struct header header = { MAGIC, (uint32_t)(answered - sizeof(header)), VERSION, wrong ? ERROR : ANSWER, tag };
	memcpy(answer, &header, sizeof(header));
	for (size_t done = 0; done < answered;) {
		ssize_t n = write(out, answer + done, answered - done);
		if (n < 0 && errno != EINTR)
			exit(1);
		done += n > 0 ? (size_t)n : 0;
	}
	answered = sizeof(header);
}

/* ---- memory and pointers ---- */

/* The struct's memory and what pointers lead to, each twice: what the kernel sees as read-only can still be filled. */
static uint8_t *views[2][2];

static void map_views(void)
{
	for (int place = IN_STRUCT; place <= BEHIND_POINTER; place++) {
		int file = (int)syscall(SYS_memfd_create, "kvmspec", 1);
		for (int read_only = 0; read_only < 2; read_only++) {
			int protection = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
			uint8_t *room = mmap(NULL, 2 * REACH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
			if (ftruncate(file, REACH) != 0 || room == MAP_FAILED
				|| mmap(room, REACH, protection, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
				perror("kvmspec-agent: memory for arguments");
				exit(1);
			}
			views[place][read_only] = room;
		}
		close(file);
	}
}

static size_t room_of(uint64_t pointer)
{
	switch (pointer & 3) {
	case UNMAPPED: return 0;
	case FAULTS_AFTER: return (pointer >> 8) & 0xffff;
	default: return REACH;
	}
}

/* Behind every view nothing is mapped: so far from its end, a pointer has its room and then faults. */
static uint8_t *bytes_of(int place, uint64_t pointer) { return views[place][0] + REACH - room_of(pointer); }

static uintptr_t address_of(int place, uint64_t pointer)
{
	return (uintptr_t)(views[place][(pointer & 3) == READ_ONLY] + REACH - room_of(pointer));
}

static void clear(int place, uint64_t pointer, size_t length)
{
	size_t room = room_of(pointer);
	memset(bytes_of(place, pointer), 0, length < room ? length : room);
}

/* Where a field's bytes lie, or NULL where that memory is not there. */
static uint8_t *place_of(const struct call *call, const struct field *field)
{
	int in_page = field->place == IN_RUN_PAGE;
	size_t room = in_page ? handles[call->on].length : room_of(field->through);
	if (field->offset + field->width > room)
		return NULL;
	return field->offset + (in_page ? handles[call->on].page : bytes_of(field->place, field->through));
}

static uint64_t number_of(const struct field *field)
{
	switch (field->meaning) {
	case POINTER: return address_of(BEHIND_POINTER, field->value);
	case DESCRIPTOR: return (uint32_t)handles[field->value].descriptor;
	default: return field->value;
	}
}

static void fill(const struct call *call)
{
	if (call->size)
		clear(IN_STRUCT, call->argument, call->size);
	for (int i = 0; i < call->fields; i++)
		if (call->field[i].place == BEHIND_POINTER)
			clear(BEHIND_POINTER, call->field[i].through, CLEARED_BEHIND);
	for (int i = 0; i < call->fields; i++) {
		uint8_t *place = place_of(call, &call->field[i]);
		uint64_t number = number_of(&call->field[i]);
		if (place)
			memcpy(place, &number, call->field[i].width);
	}
}

static void put_changes(const struct call *call)
{
	for (int i = 0; i < call->fields; i++) {
		uint8_t *place = place_of(call, &call->field[i]);
		uint64_t number = number_of(&call->field[i]);
		struct change change = { (uint64_t)i, 0 };
		if (place && memcmp(place, &number, call->field[i].width) != 0) {
			memcpy(&change.value, place, call->field[i].width);
			put(&change, sizeof(change));
		}
	}
}

/* ---- calls ---- */

static void unmap_page(uint16_t handle)
{
	if (handles[handle].page)
		munmap(handles[handle].page, handles[handle].length);
	handles[handle].page = NULL;
	handles[handle].length = 0;
}

static int map_page(uint16_t handle, uint32_t length, void *address, int protection, int flags)
{
	void *page = mmap(address, length, protection, flags, handles[handle].descriptor, 0);
	if (page == MAP_FAILED)
		return -errno;
	handles[handle].page = page;
	handles[handle].length = length;
	return 0;
}

/* Guest memory that the host may not share can be mapped but not touched: who tried would be ended by SIGBUS. */
static void map_run_page(uint16_t handle, uint32_t length)
{
	if (map_page(handle, length, NULL, PROT_READ | PROT_WRITE, MAP_SHARED) != 0)
		return;
	if (madvise(handles[handle].page, 1, POPULATE_WRITE) != 0 && errno == EFAULT)
		unmap_page(handle);
	else
		handles[handle].page[IMMEDIATE_EXIT] = 1;
}

static int do_close(const struct call *call)
{
	int descriptor = handles[call->on].descriptor;
	unmap_page(call->on);
	handles[call->on].descriptor = -1;
	return result_of(close(descriptor));
}

static void bind_new(const struct call *call, int descriptor)
{
	struct call before = { .on = call->as };
	do_close(&before);
	handles[call->as].descriptor = descriptor;
	if (call->map)
		map_run_page(call->as, call->map);
}

static int do_open(const struct call *call)
{
	return result_of(open(files[call->argument], O_RDWR | O_CLOEXEC));
}

static int do_map(const struct call *call)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | 0x100000 /* MAP_FIXED_NOREPLACE */;
	unmap_page(call->as);
	return map_page(call->as, call->map, (void *)(uintptr_t)call->argument, (int)call->request, flags);
}

/* It repeats, so that a signal just before the call does not go lost. */
static void set_limit(uint32_t milliseconds)
{
	struct itimerval timer = { { 0, RETRY_SIGNAL_US }, { milliseconds / 1000, milliseconds % 1000 * 1000 } };
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_alarm(int signal) { (void)signal; }

static int do_ioctl(const struct call *call)
{
	uintptr_t value = call->size ? address_of(IN_STRUCT, call->argument) : (uintptr_t)call->argument;
	fill(call);
	if (call->limit)
		set_limit(call->limit);
	int result = result_of(syscall(SYS_ioctl, handles[call->on].descriptor, (unsigned long)call->request, value));
	if (call->limit)
		set_limit(0);
	put_changes(call);
	return result;
}

static int end_sequence(const struct call *call)
{
	(void)call;
	for (int i = 0; i < NO_HANDLE; i++) {
		unmap_page((uint16_t)i);
		handles[i].descriptor = -1;
	}
	if (syscall(SYS_close_range, first_free, ~0U, 0) != 0)
		for (int descriptor = first_free; descriptor < 1024; descriptor++)
			close(descriptor);
	return 0;
}

/* The number that the kernel gives to the next descriptor: one that a failing call left behind is found by it too. */
static int next_descriptor(void)
{
	int next = dup(first_free - 1);
	if (next >= 0)
		close(next);
	return next;
}

/* What the kernel has printed since it was last asked; what it prints once it may then print again. */
static uint16_t put_log(void)
{
	char record[8192];
	size_t before = answered;
	ssize_t n;
	while (messages >= 0 && ((n = read(messages, record, sizeof(record))) > 0 || (n < 0 && errno == EPIPE)))
		if (n > 0 && logged + (size_t)n <= MOST_LOG) {
			put(record, (size_t)n);
			logged += (size_t)n;
		}
	if (answered > before && warn_once >= 0 && write(warn_once, "1", 1) < 0)
		warn_once = -1;
	return (uint16_t)(answered - before);
}

static void make(const struct call *call)
{
	static int (*const operations[])(const struct call *) = {
		[CLOSE] = do_close, [IOCTL] = do_ioctl, [OPEN] = do_open, [MAP] = do_map, [END] = end_sequence,
	};
	int next = call->as == NO_HANDLE ? -1 : next_descriptor();
	struct outcome *outcome = put(&(struct outcome){ 0 }, sizeof(*outcome));
	size_t before = answered;
	outcome->result = operations[call->op](call);
	outcome->changes = (uint8_t)((answered - before) / sizeof(struct change));
	if (next >= 0 && fcntl(next, F_GETFD) >= 0) {
		bind_new(call, next);
		outcome->made = 1;
		if (outcome->result > 0)
			outcome->result = 0;
	}
	outcome->log = put_log();
}

/* ---- requests: each is answered by what the function has put, or by the error that it returns ---- */

/* Reading stops at the first thing that is wrong: nothing of a message is done before all of it was found right. */
static struct { const uint8_t *at; size_t left; const char *wrong; } reading;

static void demand(int condition, const char *otherwise)
{
	if (!condition && !reading.wrong)
		reading.wrong = otherwise;
}

static const void *take(size_t length)
{
	const uint8_t *at = reading.at;
	demand(length <= reading.left, "the message ends within a sequence");
	if (reading.wrong)
		return NULL;
	reading.at += length;
	reading.left -= length;
	return at;
}

static void check_call(void)
{
	const struct call *call = take(sizeof(*call));
	demand(call && call->op < END && call->fields <= MOST_FIELDS && call->size <= REACH
		&& call->on <= NO_HANDLE && call->as <= NO_HANDLE && (call->op != MAP || (call->as >= MEMORY && call->as < NO_HANDLE))
		&& (call->op != OPEN || call->argument < sizeof(files) / sizeof(*files)),
		"a call has an operation, a handle, a file, a size or a number of fields that there is not");
	const struct field *fields = take(call ? call->fields * sizeof(*fields) : 0);
	for (const struct field *field = fields; fields && field < fields + call->fields; field++)
		demand(field->place <= IN_RUN_PAGE && (field->place != IN_RUN_PAGE || call->on < MEMORY)
			&& field->width >= 1 && field->width <= 8 && field->offset <= reach[field->place] - field->width
			&& field->meaning <= DESCRIPTOR && (field->meaning != DESCRIPTOR || field->value <= NO_HANDLE),
			"a field has a place, a meaning, a width, an offset or a handle that there is not");
}

static const char *execute(void)
{
	static const struct call end = { .op = END, .as = NO_HANDLE };
	reading.at = message.body;
	reading.left = request.length;
	reading.wrong = NULL;
	const uint32_t *count = take(sizeof(*count));
	demand(count && *count <= MOST_CALLS, "a sequence has at most 4096 calls");
	const struct call *call = (const void *)reading.at;
	for (uint32_t i = 0; !reading.wrong && i < *count; i++)
		check_call();
	demand(reading.left == 0, "the message goes on after its last call");
	if (reading.wrong)
		return reading.wrong;
	logged = 0;
	for (uint32_t i = 0; i < *count; i++, call = (const void *)(call->field + call->fields)) {
		make(call);
		if (request.kind == EXECUTE_STEPWISE)
			send_answer(NULL, request.tag);
	}
	make(&end);
	return NULL;
}

static const char *hello(void)
{
	struct utsname name;
	uname(&name);
	answered += (size_t)sprintf((char *)answer + answered, "%s\n%s\n", name.release, name.machine);
	return NULL;
}

static const char *read_file(void)
{
	message.body[request.length] = 0;
	int file = open((char *)message.body, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint32_t *error = put(&(uint32_t){ file < 0 ? (uint32_t)errno : 0 }, sizeof(*error));
	if (file >= 0) {
		errno = 0;
		answered += read_all(file, answer + answered, REACH);
		*error = (uint32_t)errno;
		close(file);
	}
	return NULL;
}

static const char *answer_request(void)
{
	static const char *(*const kinds[])(void) = {
		[HELLO] = hello, [READ_FILE] = read_file, [EXECUTE] = execute, [EXECUTE_STEPWISE] = execute,
	};
	if (read_all(in, message.body, request.length) != request.length)
		return "the stream ends within a message";
	if (request.version != VERSION)
		return "another version of the protocol";
	if (request.kind >= sizeof(kinds) / sizeof(*kinds) || !kinds[request.kind])
		return "no such kind of message";
	return kinds[request.kind]();
}

/* Where no header begins, bytes are skipped up to the next that does. */
static void serve(void)
{
	size_t skipping = 0, came;
	while ((came = read_all(in, (uint8_t *)&request + skipping, sizeof(request) - skipping)) == sizeof(request) - skipping) {
		if (request.magic == MAGIC && request.length <= LONGEST_REQUEST) {
			send_answer(answer_request(), request.tag);
			skipping = 0;
			continue;
		}
		if (!skipping)
			send_answer("no message of this protocol begins here", 0);
		skipping = sizeof(request) - 1;
		memmove(&request, (uint8_t *)&request + 1, skipping);
	}
	if (came > 0 && !skipping)
		send_answer("the stream ends within a message", 0);
}

/* ---- as /init of a guest ---- */

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char line[128], path[160];
	while (order && fgets(line, sizeof(line), order)) {
		char *name = strtok(line, " \n"), *parameters = strtok(NULL, "\n");
		snprintf(path, sizeof(path), "/modules/%s", name ? name : "");
		int file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0 || (syscall(SYS_finit_module, file, parameters ? parameters : "", 0) != 0 && errno != EEXIST))
			printf("kvmspec-agent: module %s: %s\n", name, strerror(errno));
		close(file);
	}
	if (order)
		fclose(order);
}

/*
 * x86-64 patches its own code for the first VM and for the first vCPU without an interrupt controller, and patches it
 * back after the last: tens of milliseconds a sequence under emulation. A VM that stays spares them.
 */
static void keep_a_vm(void)
{
#ifdef __x86_64__
	int vm = ioctl(open("/dev/kvm", O_RDWR | O_CLOEXEC), 0xae01 /* KVM_CREATE_VM */, 0);
	ioctl(vm, 0xae41 /* KVM_CREATE_VCPU */, 0);
#endif
}

/* Which number its device has depends on the machine; the driver may still be looking for it. */
static int open_port(void)
{
	int port = -1;
	for (int tries = 0; port < 0 && tries < 2000; tries++) {
		char path[32];
		snprintf(path, sizeof(path), "/dev/vport%dp1", tries % 8);
		port = open(path, O_RDWR | O_CLOEXEC);
		if (port < 0)
			usleep(1000);
	}
	return port;
}

static void start_guest(void)
{
	static const char *const mounts[][2] = {
		{ "devtmpfs", "/dev" }, { "sysfs", "/sys" }, { "proc", "/proc" }, { "debugfs", "/sys/kernel/debug" },
	};
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i][1], 0755);
		if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL) != 0)
			printf("kvmspec-agent: mount %s: %s\n", mounts[i][0], strerror(errno));
	}
	warn_once = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
	load_modules();
	keep_a_vm();
	in = out = open_port();
	if (in < 0)
		printf("kvmspec-agent: no virtio port\n");
}

int main(void)
{
	struct sigaction alarm = { .sa_handler = on_alarm };
	int guest = getpid() == 1;
	if (guest)
		start_guest();
	sigaction(SIGALRM, &alarm, NULL);
	signal(SIGPIPE, SIG_IGN);
	map_views();
	messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(messages, 0, SEEK_END);
	first_free = dup(in);
	close(first_free);
	for (int i = 0; i <= NO_HANDLE; i++)
		handles[i].descriptor = -1;
	serve();
	if (guest)
		reboot(RB_POWER_OFF);
	return 0;
}
