/* SPDX-License-Identifier: MIT */
/*
 * The yardstick for the local target: the same ioctls from C, and what they open closed in the same way, on threads
 * that share a queue. Prints calls a second, then VMs a second, each until the last descriptor is closed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define QUEUE 4096

static int queue[QUEUE];
static unsigned int head, tail;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t waiting, places;
static int room;

static void *closes(void *unused)
{
	for (;;) {
		int fd;

		sem_wait(&waiting);
		pthread_mutex_lock(&lock);
		fd = queue[head++ % QUEUE];
		pthread_mutex_unlock(&lock);
		close(fd);
		sem_post(&places);
	}
	return unused;
}

static void hand_over(int fd)
{
	sem_wait(&places);
	pthread_mutex_lock(&lock);
	queue[tail++ % QUEUE] = fd;
	pthread_mutex_unlock(&lock);
	sem_post(&waiting);
}

static void drain(void)
{
	for (int i = 0; i < room; i++)
		sem_wait(&places);
	for (int i = 0; i < room; i++)
		sem_post(&places);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double seconds, start;
	long calls = 0, vms = 0;
	int kvm;

	if (argc != 4) {
		fprintf(stderr, "usage: loop SECONDS THREADS ROOM\n");
		return 2;
	}
	seconds = atof(argv[1]);
	room = atoi(argv[3]);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		perror("/dev/kvm");
		return 3;
	}
	sem_init(&waiting, 0, 0);
	sem_init(&places, 0, room);
	for (int i = 0; i < atoi(argv[2]); i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, closes, NULL))
			return 3;
	}
	start = now();
	while (now() - start < seconds) {
		int vm = ioctl(kvm, 0xAE01, 0UL);

		for (int i = 0; i < 9999; i++)
			ioctl(vm, 0xAE03, 9UL);
		hand_over(vm);
		calls += 10000;
	}
	drain();
	printf("%.0f\n", calls / (now() - start));
	start = now();
	while (now() - start < seconds) {
		int vm = ioctl(kvm, 0xAE01, 0UL);
		int vcpu = ioctl(vm, 0xAE41, 0UL);

		hand_over(vcpu);
		hand_over(vm);
		vms++;
	}
	drain();
	printf("%.0f\n", vms / (now() - start));
	return 0;
}
