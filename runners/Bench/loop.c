/* SPDX-License-Identifier: MIT */
/* The yardstick for the local target: the same ioctls from C. Prints calls a second, then VMs a second. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1, start;
	long calls = 0, vms = 0;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0) {
		perror("/dev/kvm");
		return 3;
	}
	start = now();
	while (now() - start < seconds) {
		int vm = ioctl(kvm, 0xAE01, 0UL);

		for (int i = 0; i < 9999; i++)
			ioctl(vm, 0xAE03, 9UL);
		close(vm);
		calls += 10000;
	}
	printf("%.0f\n", calls / (now() - start));
	start = now();
	while (now() - start < seconds) {
		int vm = ioctl(kvm, 0xAE01, 0UL);
		int vcpu = ioctl(vm, 0xAE41, 0UL);

		close(vcpu);
		close(vm);
		vms++;
	}
	printf("%.0f\n", vms / (now() - start));
	return 0;
}
