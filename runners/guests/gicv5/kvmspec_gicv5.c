// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes KVM on a GICv3 host answer its users as it does on a GICv5 host.
 *
 * KVM offers KVM_DEV_TYPE_ARM_VGIC_V5 on GICv5 hardware alone. The code behind the device does little with that hardware
 * before a vCPU runs, so the API can be tried without it. This module does what vgic_v5_probe() would have done on a GICv5
 * host: it describes the host in kvm_vgic_global_state and registers the device types that such a host has. All of KVM's own
 * code stays as it is, but for six leaf functions that move state between memory and the GICv5's EL2 registers, which this
 * CPU does not have: KVM_RUN skips them.
 *
 * A guest on such a host sees no GICv5: its CPU has no GICv5 instructions, nothing is delivered, and the state of PPIs is
 * kept in memory only. ARM64_HAS_GICV5_CPUIF stays off, so that KVM sets up no traps of registers that do not exist.
 *
 * For throw-away machines that test KVM. There is no way back: the module cannot be unloaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <generated/utsrelease.h>
#include <asm/cpufeature.h>
#include <asm/virt.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
#error "before 7.2 the implemented PPIs are no member of struct vgic_global"
#endif

static ulong ppis = BIT(GICV5_ARCH_PPI_SW_PPI) | BIT(GICV5_ARCH_PPI_CNTHP) | BIT(GICV5_ARCH_PPI_CNTV) |
		    BIT(GICV5_ARCH_PPI_CNTHV) | BIT(GICV5_ARCH_PPI_CNTP);
module_param(ppis, ulong, 0444);
MODULE_PARM_DESC(ppis, "mask of the PPIs that the host implements, without the PMU's; as the probe finds them");

static bool pmu = true;
module_param(pmu, bool, 0444);
MODULE_PARM_DESC(pmu, "the host implements the PMU's PPI, as it does where it has a PMUv3; on");

static bool legacy = true;
module_param(legacy, bool, 0444);
MODULE_PARM_DESC(legacy, "the host has FEAT_GCIE_LEGACY: vGICv3 and ITS beside the vGICv5; on");

/* What is not exported. Kprobes can find kallsyms_lookup_name(), and that the rest. */
static unsigned long (*lookup_name)(const char *name);
static int (*lookup_size_offset)(unsigned long address, unsigned long *size, unsigned long *offset);
static int (*register_vgic_device)(unsigned long type);
static void (*unregister_device_ops)(u32 type);
static const struct vgic_global *vgic;
static const struct list_head *vms;

static const struct {
	const char *name;
	void *pointer;
} symbols[] = {
	{ "kallsyms_lookup_size_offset", &lookup_size_offset },
	{ "kvm_register_vgic_device", &register_vgic_device },
	{ "kvm_unregister_device_ops", &unregister_device_ops },
	{ "kvm_vgic_global_state", &vgic },
	{ "vm_list", &vms },
};

/* At a function's first instruction nothing was pushed and the link register is not signed: this is a return. */
static int skip(struct kprobe *probe, struct pt_regs *regs)
{
	instruction_pointer_set(regs, procedure_link_pointer(regs));
	return 1;
}

#define SKIPPED(function) { .symbol_name = #function, .pre_handler = skip }

/* All of arch/arm64/kvm/hyp/vgic-v5-sr.c. */
static struct kprobe skipped[] = {
	SKIPPED(__vgic_v5_save_apr),
	SKIPPED(__vgic_v5_restore_vmcr_apr),
	SKIPPED(__vgic_v5_save_ppi_state),
	SKIPPED(__vgic_v5_restore_ppi_state),
	SKIPPED(__vgic_v5_save_state),
	SKIPPED(__vgic_v5_restore_state),
};

static const char *find_symbols(void)
{
	static const char name[] = "kallsyms_lookup_name";
	struct kprobe probe = { .symbol_name = name };

	if (register_kprobe(&probe))
		return "no kprobe finds kallsyms_lookup_name";
	lookup_name = (void *)probe.addr;
	unregister_kprobe(&probe);
	if (lookup_name(name) != (unsigned long)lookup_name)
		return "kallsyms_lookup_name is not where its kprobe was";
	for (int i = 0; i < ARRAY_SIZE(symbols); i++) {
		unsigned long address = lookup_name(symbols[i].name);

		if (!address)
			return symbols[i].name;
		*(unsigned long *)symbols[i].pointer = address;
	}
	return NULL;
}

/* Everything that would make a write into KVM's state, or KVM_RUN afterwards, do harm. */
static const char *why_not(void)
{
	unsigned long size, offset;
	const char *missing;

	if (strcmp(init_utsname()->release, UTS_RELEASE))
		return "it was built for another release than this kernel's: " UTS_RELEASE;
	if (!is_kernel_in_hyp_mode())
		return "KVM is nVHE or protected: GICv5 registers would be touched at EL2, where no kprobe reaches";
	if (cpus_have_final_cap(ARM64_HAS_GICV5_CPUIF))
		return "this is a GICv5 host";
	missing = find_symbols();
	if (missing)
		return missing;
	if (!lookup_size_offset((unsigned long)vgic, &size, &offset) || offset || size < sizeof(*vgic) ||
	    size >= sizeof(*vgic) + SMP_CACHE_BYTES)
		return "struct vgic_global has another size than in the headers it was built against";
	if (vgic->type != VGIC_V3)
		return "KVM found no GICv3 to pretend on";
	if (vgic->max_gic_vcpus != VGIC_V3_MAX_CPUS || !vgic->nr_lr || vgic->nr_lr > VGIC_V3_MAX_LRS ||
	    vgic->has_gcie_v3_compat || !bitmap_empty(vgic->vgic_v5_ppi_caps.impl_ppi_mask, VGIC_V5_NR_PRIVATE_IRQS))
		return "kvm_vgic_global_state does not read as a GICv3 host's: its members may have moved";
	if (!list_empty(vms))
		return "there are VMs already";
	return NULL;
}

/* kvm_vgic_global_state is read-only after boot: write to its pages through a mapping of our own. */
static int describe_host(void)
{
	unsigned long start = (unsigned long)vgic;
	unsigned int count = DIV_ROUND_UP(offset_in_page(start) + sizeof(*vgic), PAGE_SIZE);
	struct page *pages[2];
	struct vgic_global *host;
	void *mapping;

	for (int i = 0; i < count; i++)
		pages[i] = phys_to_page(__pa_symbol((start & PAGE_MASK) + i * PAGE_SIZE));
	mapping = vmap(pages, count, VM_MAP, PAGE_KERNEL);
	if (!mapping)
		return -ENOMEM;
	host = mapping + offset_in_page(start);
	host->vcpu_base = 0;
	host->vctrl_base = NULL;
	host->can_emulate_gicv2 = false;
	host->has_gicv4 = false;
	host->has_gicv4_1 = false;
	host->has_gcie_v3_compat = legacy;
	host->max_gic_vcpus = min(VGIC_V3_MAX_CPUS, VGIC_V5_MAX_CPUS);
	bitmap_from_u64(host->vgic_v5_ppi_caps.impl_ppi_mask, ppis | (pmu ? BIT(GICV5_ARCH_PPI_PMUIRQ) : 0));
	host->type = VGIC_V5;
	vunmap(mapping);
	return 0;
}

static int __init kvmspec_gicv5_init(void)
{
	struct kprobe *probes[ARRAY_SIZE(skipped)];
	const char *reason = why_not();
	int ret;

	BUILD_BUG_ON(VGIC_V5_NR_PRIVATE_IRQS != 64);
	BUILD_BUG_ON(sizeof(struct vgic_global) > PAGE_SIZE);
	if (reason) {
		pr_err("not loaded: %s\n", reason);
		return -EPERM;
	}
	for (int i = 0; i < ARRAY_SIZE(skipped); i++)
		probes[i] = &skipped[i];
	ret = register_kprobes(probes, ARRAY_SIZE(probes));
	if (ret) {
		pr_err("not loaded: kprobes of the functions to skip: %d\n", ret);
		return ret;
	}
	ret = describe_host();
	if (!ret)
		ret = register_vgic_device(KVM_DEV_TYPE_ARM_VGIC_V5);
	if (ret) {
		pr_err("not loaded: %d\n", ret);
		unregister_kprobes(probes, ARRAY_SIZE(probes));
		return ret;
	}
	unregister_device_ops(KVM_DEV_TYPE_ARM_VGIC_V2);
	if (!legacy) {
		unregister_device_ops(KVM_DEV_TYPE_ARM_VGIC_V3);
		unregister_device_ops(KVM_DEV_TYPE_ARM_VGIC_ITS);
	}
	pr_info("this host answers as a GICv5 host%s\n", legacy ? " with FEAT_GCIE_LEGACY" : "");
	return 0;
}
module_init(kvmspec_gicv5_init);

MODULE_DESCRIPTION("KVM answers as on a GICv5 host");
MODULE_LICENSE("GPL");
