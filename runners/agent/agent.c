/*
 * Executes sequences of KVM ioctls that arrive on a byte stream. PROTOCOL.md beside this file is the contract.
 * It runs as a child process or over ssh on its standard streams, or as /init of a guest on a virtio port.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the protocol is little-endian, and so must the machine be"
#endif

enum { VERSION = 1, MAGIC = 0x414d564b, LARGEST = 1 << 20 };
enum { HELLO = 1, READ_FILE = 2, EXECUTE = 3, EXECUTE_STEPWISE = 4, ERROR = 0x80, ANSWER = 0x81 };
enum { CLOSE, IOCTL, OPEN, MAP };
enum { RESULT_IS_DESCRIPTOR = 1, STRUCT_HAS_DESCRIPTOR = 2, ONLY_READABLE = 4 };
enum { IN_STRUCT, BEHIND_POINTER, IN_RUN_PAGE };
enum { NUMBER, POINTER, DESCRIPTOR };
enum { FINE, UNMAPPED, READ_ONLY, FAULTS_AFTER };
enum { MADE_DESCRIPTOR = 1, LIMIT_REACHED = 2 };
enum { KINDS = 6, NAMES = 256, HANDLES = KINDS * NAMES, VCPU = 2, NO_HANDLE = 0xffff };
enum { REACH = 65536, CLEARED_BEHIND = 64, MOST_CALLS = 4096, MOST_FIELDS = 16, MOST_AREAS = 8, MOST_LOG = 16384 };
enum { IMMEDIATE_EXIT = 1, RETRY_SIGNAL_US = 10000 };

struct header { uint32_t magic, length; uint16_t version, kind; uint32_t tag; };
struct call {
	uint8_t op, flags; uint16_t on, as; uint8_t fields, pad;
	uint32_t request, size, map, limit;
	uint64_t argument;
};
struct field { uint8_t place, width, meaning, pad; uint32_t offset; uint64_t through, value; };
struct outcome { uint8_t flags, changed; uint16_t log; uint32_t error; int64_t result; };
struct change { uint64_t field, value; };

/* Memory for an argument: the same pages twice, so that what the kernel sees as read-only can still be filled. */
struct memory { uint8_t *writable, *read_only; };

static int in = 0, out = 1, messages = -1, warn_once = -1, first_free;
static int descriptors[HANDLES];
static uint16_t used[HANDLES + MOST_CALLS];
static unsigned used_count, area_count;
static struct { uint8_t *page; uint32_t size; } run_pages[NAMES];
static struct { void *address; size_t length; } areas[MOST_AREAS];
static struct memory argument, pointee;
static uint8_t *body, *answer;
static size_t answered, answer_room;
static volatile sig_atomic_t limit_reached;
static volatile uint8_t *volatile running_page;

/* ---- the stream ---- */

/* How many bytes came: fewer than asked for where the stream ends. */
static size_t read_all(void *to, size_t length)
{
	size_t done = 0;
	while (done < length) {
		ssize_t n = read(in, (uint8_t *)to + done, length - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

static void write_all(const void *from, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = write(out, (const uint8_t *)from + done, length - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			exit(1);
	}
}

static void put(const void *from, size_t length)
{
	size_t needed = sizeof(struct header) + answered + length;
	if (needed > answer_room) {
		answer_room = needed * 2;
		answer = realloc(answer, answer_room);
		if (!answer)
			exit(1);
	}
	if (length)
		memcpy(answer + sizeof(struct header) + answered, from, length);
	answered += length;
}

static void send_answer(uint16_t kind, uint32_t tag)
{
	struct header header = { MAGIC, (uint32_t)answered, VERSION, kind, tag };
	put(NULL, 0);
	memcpy(answer, &header, sizeof(header));
	write_all(answer, sizeof(header) + answered);
	answered = 0;
}

static void send_error(uint32_t tag, const char *what)
{
	answered = 0;
	put(what, strlen(what));
	send_answer(ERROR, tag);
}

/* ---- memory and pointers ---- */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static uint8_t *map_twice(int file, int protection)
{
	uint8_t *room = mmap(NULL, REACH + page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED || mmap(room, REACH, protection, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
		perror("kvmspec-agent: memory for arguments");
		exit(1);
	}
	return room;
}

static void make_memory(struct memory *memory)
{
	int file = (int)syscall(SYS_memfd_create, "kvmspec", 1);
	if (file < 0 || ftruncate(file, REACH) != 0) {
		perror("kvmspec-agent: memfd_create");
		exit(1);
	}
	memory->writable = map_twice(file, PROT_READ | PROT_WRITE);
	memory->read_only = map_twice(file, PROT_READ);
	close(file);
}

static uint32_t pointer_kind(uint64_t pointer) { return pointer & 3; }
static uint32_t pointer_length(uint64_t pointer) { return (pointer >> 8) & 0xffff; }

static uint32_t room_of(uint64_t pointer)
{
	switch (pointer_kind(pointer)) {
	case UNMAPPED: return 0;
	case FAULTS_AFTER: return pointer_length(pointer);
	default: return REACH;
	}
}

static uint8_t *bytes_of(const struct memory *memory, uint64_t pointer)
{
	return pointer_kind(pointer) == FAULTS_AFTER ? memory->writable + REACH - pointer_length(pointer) : memory->writable;
}

static uint8_t *address_of(const struct memory *memory, uint64_t pointer)
{
	switch (pointer_kind(pointer)) {
	case UNMAPPED: return memory->writable + REACH;
	case READ_ONLY: return memory->read_only;
	default: return bytes_of(memory, pointer);
	}
}

/* ---- descriptors ---- */

static int descriptor_of(uint16_t handle) { return handle < HANDLES ? descriptors[handle] : -1; }

static void unmap_run_page(uint16_t handle)
{
	if (handle / NAMES == VCPU && run_pages[handle % NAMES].page) {
		munmap(run_pages[handle % NAMES].page, run_pages[handle % NAMES].size);
		run_pages[handle % NAMES].page = NULL;
	}
}

static int close_handle(uint16_t handle)
{
	int descriptor = descriptor_of(handle);
	if (descriptor < 0) {
		errno = EBADF;
		return -1;
	}
	unmap_run_page(handle);
	descriptors[handle] = -1;
	return close(descriptor);
}

static void bind_handle(uint16_t handle, int descriptor, uint32_t map)
{
	if (handle >= HANDLES) {
		close(descriptor);
		return;
	}
	if (descriptors[handle] >= 0)
		close_handle(handle);
	descriptors[handle] = descriptor;
	used[used_count++] = handle;
	if (map && handle / NAMES == VCPU) {
		void *page = mmap(NULL, map, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
		if (page != MAP_FAILED) {
			run_pages[handle % NAMES].page = page;
			run_pages[handle % NAMES].size = map;
			run_pages[handle % NAMES].page[IMMEDIATE_EXIT] = 1;
		}
	}
}

/* The number that the kernel gives to the next descriptor: who makes one inside a struct is found by it. */
static int next_descriptor(void)
{
	int next = dup(first_free - 1);
	if (next >= 0)
		close(next);
	return next;
}

static void end_sequence(void)
{
	while (used_count > 0)
		if (descriptors[used[--used_count]] >= 0)
			close_handle(used[used_count]);
	while (area_count > 0) {
		area_count--;
		munmap(areas[area_count].address, areas[area_count].length);
	}
	if (syscall(436 /* close_range */, first_free, ~0U, 0) != 0)
		for (int descriptor = first_free; descriptor < 1024; descriptor++)
			close(descriptor);
}

/* ---- calls ---- */

static void on_alarm(int signal)
{
	(void)signal;
	limit_reached = 1;
	if (running_page)
		running_page[IMMEDIATE_EXIT] = 1;
}

static void set_limit(uint32_t milliseconds, const struct call *call)
{
	struct itimerval timer = {
		.it_value = { milliseconds / 1000, (milliseconds % 1000) * 1000 },
		.it_interval = { 0, milliseconds ? RETRY_SIGNAL_US : 0 },
	};
	limit_reached = 0;
	running_page = milliseconds && call->on / NAMES == VCPU ? run_pages[call->on % NAMES].page : NULL;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static uint64_t mask_of(const struct field *field)
{
	return field->width == 8 ? ~0ULL : (1ULL << (8 * field->width)) - 1;
}

static uint64_t number_of(const struct field *field)
{
	switch (field->meaning) {
	case POINTER: return (uintptr_t)address_of(&pointee, field->value);
	case DESCRIPTOR: return (uint32_t)descriptor_of((uint16_t)field->value);
	default: return field->value & mask_of(field);
	}
}

/* Where a field's bytes lie, or NULL where that memory is not there. */
static uint8_t *place_of(const struct call *call, const struct field *field)
{
	uint64_t pointer = field->place == IN_STRUCT ? call->argument : field->through;
	if (field->place == IN_RUN_PAGE) {
		uint8_t *page = call->on / NAMES == VCPU && call->on < HANDLES ? run_pages[call->on % NAMES].page : NULL;
		return page && field->offset + field->width <= run_pages[call->on % NAMES].size ? page + field->offset : NULL;
	}
	if (field->offset + field->width > room_of(pointer))
		return NULL;
	return bytes_of(field->place == IN_STRUCT ? &argument : &pointee, pointer) + field->offset;
}

static void fill(const struct call *call, const struct field *fields)
{
	if (call->size) {
		uint32_t room = room_of(call->argument);
		memset(bytes_of(&argument, call->argument), 0, call->size < room ? call->size : room);
	}
	for (int i = 0; i < call->fields; i++)
		if (fields[i].place == BEHIND_POINTER) {
			uint32_t room = room_of(fields[i].through);
			memset(bytes_of(&pointee, fields[i].through), 0, CLEARED_BEHIND < room ? CLEARED_BEHIND : room);
		}
	for (int i = 0; i < call->fields; i++) {
		uint8_t *place = place_of(call, &fields[i]);
		uint64_t number = number_of(&fields[i]);
		if (place)
			memcpy(place, &number, fields[i].width);
	}
}

static uint8_t put_changes(const struct call *call, const struct field *fields)
{
	uint8_t changed = 0;
	for (int i = 0; i < call->fields; i++) {
		uint8_t *place = fields[i].place == IN_RUN_PAGE ? NULL : place_of(call, &fields[i]);
		struct change change = { (uint64_t)i, 0 };
		if (!place)
			continue;
		memcpy(&change.value, place, fields[i].width);
		if (change.value != (number_of(&fields[i]) & mask_of(&fields[i])) && fields[i].meaning != DESCRIPTOR) {
			put(&change, sizeof(change));
			changed++;
		}
	}
	return changed;
}

/* What the kernel has printed since it was last asked; what it prints once it may then print again. */
static uint16_t put_log(void)
{
	char record[8192];
	size_t start = answered;
	while (messages >= 0) {
		ssize_t n = read(messages, record, sizeof(record));
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		if (answered - start + (size_t)n <= MOST_LOG)
			put(record, (size_t)n);
	}
	if (answered > start && warn_once >= 0 && write(warn_once, "1", 1) < 0)
		warn_once = -1;
	return (uint16_t)(answered - start);
}

static int do_open(uint64_t what)
{
	switch (what) {
	case 0: return open("/dev/kvm", O_RDWR | O_CLOEXEC);
	case 1: return open("/dev/null", O_RDWR | O_CLOEXEC);
	default: return (int)syscall(SYS_memfd_create, "kvmspec-file", 1);
	}
}

static int do_map(const struct call *call)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | 0x100000 /* MAP_FIXED_NOREPLACE */;
	int protection = call->flags & ONLY_READABLE ? PROT_READ : PROT_READ | PROT_WRITE;
	void *mapped = mmap((void *)(uintptr_t)call->argument, call->map, protection, flags, -1, 0);
	if (mapped == MAP_FAILED)
		return -1;
	areas[area_count].address = mapped;
	areas[area_count++].length = call->map;
	return 0;
}

static void do_ioctl(const struct call *call, const struct field *fields, struct outcome *outcome)
{
	int next = call->flags & STRUCT_HAS_DESCRIPTOR ? next_descriptor() : -1;
	uintptr_t value = call->size ? (uintptr_t)address_of(&argument, call->argument) : (uintptr_t)call->argument;
	fill(call, fields);
	if (call->limit)
		set_limit(call->limit, call);
	int result = (int)syscall(SYS_ioctl, descriptor_of(call->on), (unsigned long)call->request, value);
	outcome->error = result < 0 ? (uint32_t)errno : 0;
	if (call->limit) {
		if (limit_reached && outcome->error == EINTR)
			outcome->flags |= LIMIT_REACHED;
		set_limit(0, call);
	}
	outcome->changed = put_changes(call, fields);
	outcome->result = result;
	if (call->flags & RESULT_IS_DESCRIPTOR && result >= 0) {
		outcome->result = 0;
		next = result;
	} else if (next >= 0 && fcntl(next, F_GETFD) < 0) {
		next = -1;
	}
	if (next >= 0) {
		outcome->flags |= MADE_DESCRIPTOR;
		bind_handle(call->as, next, call->map);
	}
}

static void do_call(const struct call *call, const struct field *fields)
{
	struct outcome outcome = { 0 };
	size_t at = answered;
	int result = 0;
	put(&outcome, sizeof(outcome));
	switch (call->op) {
	case IOCTL:
		do_ioctl(call, fields, &outcome);
		break;
	case OPEN:
		result = do_open(call->argument);
		if (result >= 0) {
			bind_handle(call->as, result, 0);
			outcome.flags = MADE_DESCRIPTOR;
			result = 0;
		}
		break;
	case MAP:
		result = do_map(call);
		break;
	default:
		result = close_handle(call->on);
		break;
	}
	if (result < 0) {
		outcome.error = (uint32_t)errno;
		outcome.result = -1;
	}
	outcome.log = put_log();
	memcpy(answer + sizeof(struct header) + at, &outcome, sizeof(outcome));
}

/* Nothing of a message is done before all of it was found right. */
static const char *wrong_in(const uint8_t *at, size_t left, uint32_t *count)
{
	unsigned mapped = 0;
	if (left < sizeof(*count))
		return "a sequence begins with its number of calls";
	memcpy(count, at, sizeof(*count));
	at += sizeof(*count);
	left -= sizeof(*count);
	if (*count > MOST_CALLS)
		return "a sequence has at most 4096 calls";
	for (uint32_t i = 0; i < *count; i++) {
		struct call call;
		if (left < sizeof(call))
			return "the message ends within a call";
		memcpy(&call, at, sizeof(call));
		at += sizeof(call);
		left -= sizeof(call);
		if (call.op > MAP || call.fields > MOST_FIELDS || call.size > REACH || (call.op == OPEN && call.argument > 2))
			return "a call has an operation, a file, a number of fields or a size that there is not";
		if (call.op == MAP && ++mapped > MOST_AREAS)
			return "a sequence maps at most 8 areas";
		for (int f = 0; f < call.fields; f++) {
			struct field field;
			if (left < sizeof(field))
				return "the message ends within a field";
			memcpy(&field, at, sizeof(field));
			at += sizeof(field);
			left -= sizeof(field);
			if (field.place > IN_RUN_PAGE || field.meaning > DESCRIPTOR || field.width < 1 || field.width > 8 || field.offset > REACH)
				return "a field has a place, a meaning, a width or an offset that there is not";
		}
	}
	return left ? "the message goes on after its last call" : NULL;
}

static void execute(const struct header *header, const uint8_t *at)
{
	uint32_t count;
	const char *wrong = wrong_in(at, header->length, &count);
	if (wrong) {
		send_error(header->tag, wrong);
		return;
	}
	at += sizeof(count);
	for (uint32_t i = 0; i < count; i++) {
		struct call call;
		struct field fields[MOST_FIELDS];
		memcpy(&call, at, sizeof(call));
		at += sizeof(call);
		memcpy(fields, at, call.fields * sizeof(*fields));
		at += call.fields * sizeof(*fields);
		do_call(&call, fields);
		if (header->kind == EXECUTE_STEPWISE)
			send_answer(ANSWER, header->tag);
	}
	end_sequence();
	struct outcome end = { 0 };
	size_t last = answered;
	put(&end, sizeof(end));
	end.log = put_log();
	memcpy(answer + sizeof(struct header) + last, &end, sizeof(end));
	send_answer(ANSWER, header->tag);
}

/* ---- facts ---- */

static void hello(uint32_t tag)
{
	struct utsname name;
	char text[512];
	uname(&name);
	snprintf(text, sizeof(text), "%.64s\n%.64s\n%.128s\n", name.release, name.machine, name.version);
	put(text, strlen(text));
	send_answer(ANSWER, tag);
}

static void read_file(uint32_t tag, size_t length)
{
	static char content[REACH];
	char path[256] = "";
	ssize_t n = -1;
	uint32_t error;
	memcpy(path, body, length < sizeof(path) - 1 ? length : sizeof(path) - 1);
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t done = 0;
	while (file >= 0 && done < sizeof(content) && (n = read(file, content + done, sizeof(content) - done)) > 0)
		done += (size_t)n;
	error = n < 0 ? (uint32_t)errno : 0;
	if (file >= 0)
		close(file);
	put(&error, sizeof(error));
	put(content, done);
	send_answer(ANSWER, tag);
}

static void answer_message(const struct header *header)
{
	if (header->version != VERSION)
		send_error(header->tag, "another version of the protocol");
	else if (header->kind == HELLO)
		hello(header->tag);
	else if (header->kind == READ_FILE)
		read_file(header->tag, header->length);
	else if (header->kind == EXECUTE || header->kind == EXECUTE_STEPWISE)
		execute(header, body);
	else
		send_error(header->tag, "no such kind of message");
}

/* Where no header begins, bytes are skipped up to the next that does. */
static void serve(void)
{
	static const char truncated[] = "the stream ends within a message";
	struct header header;
	int lost = 0;
	size_t kept = 0, came;
	while ((came = read_all((uint8_t *)&header + kept, sizeof(header) - kept)) == sizeof(header) - kept) {
		if (header.magic != MAGIC || header.length > LARGEST) {
			if (!lost++)
				send_error(0, "no message of this protocol begins here");
			kept = sizeof(header) - 1;
			memmove(&header, (uint8_t *)&header + 1, kept);
			continue;
		}
		lost = 0;
		kept = 0;
		if (read_all(body, header.length) != header.length) {
			send_error(header.tag, truncated);
			return;
		}
		answer_message(&header);
	}
	if (came > 0 && !lost)
		send_error(0, truncated);
}

/* ---- as /init of a guest ---- */

static int read_line(const char *path, char *line, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = file < 0 ? -1 : read(file, line, size - 1);
	if (file >= 0)
		close(file);
	if (n < 0)
		return -1;
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	return 0;
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char name[128], path[160];
	while (order && fgets(name, sizeof(name), order)) {
		name[strcspn(name, "\n")] = 0;
		char *parameters = name + strcspn(name, " ");
		if (*parameters)
			*parameters++ = 0;
		snprintf(path, sizeof(path), "/modules/%s", name);
		int file = open(path, O_RDONLY | O_CLOEXEC);
		if (file < 0 || (syscall(SYS_finit_module, file, parameters, 0) != 0 && errno != EEXIST))
			printf("kvmspec-agent: module %s: %s\n", name, strerror(errno));
		if (file >= 0)
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
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, 0xae01 /* KVM_CREATE_VM */, 0);
	if (vm >= 0)
		ioctl(vm, 0xae41 /* KVM_CREATE_VCPU */, 0);
#endif
}

static int open_port(void)
{
	static const char directory[] = "/sys/class/virtio-ports";
	DIR *ports = opendir(directory);
	struct dirent *entry;
	int port = -1;
	while (ports && port < 0 && (entry = readdir(ports))) {
		char path[512], name[64];
		snprintf(path, sizeof(path), "%s/%s/name", directory, entry->d_name);
		if (read_line(path, name, sizeof(name)) == 0 && strcmp(name, "kvmspec") == 0) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			port = open(path, O_RDWR | O_CLOEXEC);
		}
	}
	if (ports)
		closedir(ports);
	return port;
}

static void start_guest(void)
{
	const char *mounts[][2] = {
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
	in = out = -1;
	for (int tries = 0; in < 0 && tries < 200; tries++) {
		in = out = open_port();
		if (in < 0)
			usleep(10000);
	}
	if (in < 0) {
		printf("kvmspec-agent: no virtio port named kvmspec\n");
		reboot(RB_POWER_OFF);
		exit(1);
	}
}

int main(int count, char **arguments)
{
	struct sigaction alarm = { .sa_handler = on_alarm };
	int guest = getpid() == 1;
	if (count > 1 && strcmp(arguments[1], "--version") == 0) {
		printf("kvmspec-agent, protocol %d\n", VERSION);
		return 0;
	}
	if (guest)
		start_guest();
	sigaction(SIGALRM, &alarm, NULL);
	signal(SIGPIPE, SIG_IGN);
	make_memory(&argument);
	make_memory(&pointee);
	body = malloc(LARGEST);
	memset(descriptors, -1, sizeof(descriptors));
	messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (messages >= 0)
		lseek(messages, 0, SEEK_END);
	first_free = dup(in);
	close(first_free);
	if (body)
		serve();
	if (guest)
		reboot(RB_POWER_OFF);
	return 0;
}
