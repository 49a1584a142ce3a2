# A server of page walks. It runs in M-mode on a bare machine whose RAM the host shares: the host writes cases, this program
# gives each its tables and registers, makes the access with HLV, HLVX, HSV or a fetch in VS or VU, and writes down the trap
# or the value. Built for RV32 and RV64; the host's constants come as macros of the same names.

#if __riscv_xlen == 64
#define LX ld
#define SX sd
#define HLV_LOAD hlv.d
#define HSV_STORE hsv.d
#else
#define LX lw
#define SX sw
#define HLV_LOAD hlv.w
#define HSV_STORE hsv.w
#endif

#define MSTATUS_MXR (1 << 19)
#define MSTATUS_SPP (1 << 8)
#define HSTATUS_SPV (1 << 7)
#define HSTATUS_SPVP (1 << 8)
#define CAUSE_VU_CALL 8
#define CAUSE_VS_CALL 10

#define CSR_VSSTATUS 0x200
#define CSR_VSATP 0x280
#define CSR_HSTATUS 0x600
#define CSR_HENVCFG 0x60a
#define CSR_HENVCFGH 0x61a
#define CSR_HGATP 0x680
#define CSR_MENVCFG 0x30a
#define CSR_MENVCFGH 0x31a
#define CSR_MTINST 0x34a
#define CSR_MTVAL2 0x34b

.option arch, +h, +zicsr
.option norelax                 # gp holds something else
.section .text.start
.globl _start
_start:
    csrw mie, zero
    csrw medeleg, zero
    csrw mideleg, zero
    lla t0, _start_failed
    csrw mtvec, t0

    # Two ranges among the tables and four among the data have less than all permissions; everything else has all.
    li t0, PMP_ADDRESS_0
    csrw pmpaddr0, t0
    li t0, PMP_ADDRESS_1
    csrw pmpaddr1, t0
    li t0, PMP_ADDRESS_2
    csrw pmpaddr2, t0
    li t0, PMP_ADDRESS_3
    csrw pmpaddr3, t0
    li t0, PMP_ADDRESS_4
    csrw pmpaddr4, t0
    li t0, PMP_ADDRESS_5
    csrw pmpaddr5, t0
    li t0, -1
    csrw pmpaddr6, t0
#if __riscv_xlen == 64
    li t0, PMP_CONFIGURATION
    csrw pmpcfg0, t0
#else
    li t0, (PMP_CONFIGURATION & 0xffffffff)
    csrw pmpcfg0, t0
    li t0, (PMP_CONFIGURATION >> 32)
    csrw pmpcfg1, t0
#endif
    lla t0, trapped
    csrw mtvec, t0

    # Registers of cases are written only where they change, for each write costs an emulator more than many instructions.
    # What they hold: s7 menvcfg, s8 henvcfg, s9 vsstatus, s10 mstatus.MXR, s11 hstatus.SPVP, gp vsatp, tp hgatp.
    li s7, 0
    li s8, 0
    li s9, 0
    li s10, 0
    li s11, 0
    li gp, 0
    li tp, 0
    csrw CSR_MENVCFG, zero
    csrw CSR_HENVCFG, zero
#if __riscv_xlen == 32
    csrw CSR_MENVCFGH, zero
    csrw CSR_HENVCFGH, zero
#endif
    csrw CSR_VSSTATUS, zero
    li t0, (MSTATUS_MXR | MSTATUS_SPP)
    csrc mstatus, t0
    li t0, (HSTATUS_SPV | HSTATUS_SPVP)
    csrc CSR_HSTATUS, t0
    csrw CSR_VSATP, zero
    csrw CSR_HGATP, zero

    li s4, CONTROL
    li t0, READY
    sw t0, CONTROL_READY(s4)

#ifdef LINKED_CASES
    lla s0, linked_cases
    lla t0, linked_count
    lw s1, 0(t0)
    li s3, 0
    j next
#endif

    # s0: the case, s1: how many are left, s3: the number of the batch, s4: the control block
    li s3, 0
wait:
    lw t0, CONTROL_GO(s4)
    beq t0, s3, wait
    fence
    addi s3, s3, 1
    andi t0, s3, 1              # two batches take turns
    slli t0, t0, 3
    add t0, t0, s4
    lw s1, CONTROL_COUNT(t0)
    lw s0, CONTROL_CASES(t0)
#if __riscv_xlen == 64
    slli s0, s0, 32
    srli s0, s0, 32
#endif
next:
    beqz s1, finished

    # menvcfg before henvcfg, which is limited by it and so is written anew with it.
#if __riscv_xlen == 64
    LX t1, CASE_MENVCFG(s0)
    LX t2, CASE_HENVCFG(s0)
#else
    LX t1, (CASE_MENVCFG + 4)(s0)
    LX t2, (CASE_HENVCFG + 4)(s0)
#endif
    bne t1, s7, menvcfg
    beq t2, s8, configured
    j henvcfg
menvcfg:
    mv s7, t1
#if __riscv_xlen == 64
    csrw CSR_MENVCFG, t1
henvcfg:
    csrw CSR_HENVCFG, t2
#else
    csrw CSR_MENVCFGH, t1
henvcfg:
    csrw CSR_HENVCFGH, t2
#endif
    mv s8, t2
configured:
    LX t1, CASE_VSSTATUS(s0)
    beq t1, s9, vsstatus_written
    csrw CSR_VSSTATUS, t1
    mv s9, t1
vsstatus_written:
    LX t1, CASE_MSTATUS(s0)
    beq t1, s10, mstatus_written
    csrc mstatus, s10
    csrs mstatus, t1
    mv s10, t1
mstatus_written:
    lw t1, CASE_PRIVILEGE(s0)
    slli t1, t1, 8              # to the place of SPVP, which is that of SPP too
    beq t1, s11, hstatus_written
    csrc CSR_HSTATUS, s11
    csrs CSR_HSTATUS, t1
    mv s11, t1
hstatus_written:
    LX t1, CASE_VSATP(s0)
    beq t1, gp, vsatp_written
    csrw CSR_VSATP, t1
    mv gp, t1
vsatp_written:
    LX t1, CASE_HGATP(s0)
    mv t2, tp
    beq t1, tp, hgatp_written
    csrw CSR_HGATP, t1
    mv tp, t1
hgatp_written:
#ifndef LINKED_CASES
    # QEMU forgets every translation when hgatp changes, and looks at no table ahead of an access. Were either not so,
    # answers would differ.
    bne t1, t2, forgotten
    hfence.gvma
    hfence.vvma
forgotten:
#endif

    # Put the tables into memory.
    lw t0, CASE_PATCHES(s0)
    addi t1, s0, CASE_PATCH
    beqz t0, patched
patch:
    LX t2, 0(t1)
    LX t3, 8(t1)
    SX t3, 0(t2)
    addi t1, t1, PATCH_SIZE
    addi t0, t0, -1
    bnez t0, patch
patched:
#ifdef LINKED_CASES
    hfence.gvma
    hfence.vvma
#endif

    # The word that a store is expected to change.
    LX s5, CASE_WATCH(s0)
    beqz s5, unwatched
    LX s6, 0(s5)
unwatched:
    lw t0, CASE_OPERATION(s0)
    LX a1, CASE_ADDRESS(s0)
    LX a2, CASE_STORE(s0)
    li a0, 0
    li t1, OPERATION_STORE
    beq t0, t1, store
    li t1, OPERATION_EXECUTE_LOAD
    beq t0, t1, execute_load
    li t1, OPERATION_FETCH
    beq t0, t1, fetch
    li t1, OPERATION_MANY
    beq t0, t1, many
load:
    HLV_LOAD a0, (a1)
    j arrived
execute_load:
    hlvx.wu a0, (a1)
    j arrived
store:
    HSV_STORE a2, (a1)
    j arrived
fetch:
    beqz s11, enter
    csrs mstatus, s11           # sret clears SPP and SPV again
enter:
    li t1, HSTATUS_SPV
    csrs CSR_HSTATUS, t1
    csrw sepc, a1
    sret                        # the data there puts its own place into a0 and makes an environment call

    # The addresses of a list, as many as the case has words to store: how fast the walker is.
many:
    LX t2, 0(a1)
    HLV_LOAD t3, (t2)
    xor a0, a0, t3
    addi a1, a1, CASE_ADDRESS_SIZE
    addi a2, a2, -1
    bnez a2, many

arrived:
    SX zero, CASE_CAUSE(s0)
    j record

.balign 4
trapped:
    csrr t1, mcause
    SX t1, CASE_CAUSE(s0)
    andi t1, t1, ~(CAUSE_VS_CALL ^ CAUSE_VU_CALL)
    li t2, CAUSE_VU_CALL
    beq t1, t2, record          # the call of a page that was fetched from
    csrr t1, mtval
    SX t1, CASE_TVAL(s0)
    csrr t1, CSR_MTVAL2
    SX t1, CASE_TVAL2(s0)
    csrr t1, CSR_MTINST
    SX t1, CASE_TINST(s0)

record:
    SX a0, CASE_VALUE(s0)
    beqz s5, read_back
    LX t1, 0(s5)
    SX t1, CASE_WATCHED(s0)
    SX s6, 0(s5)

    # What became of the tables; then they are taken away.
read_back:
    lw t0, CASE_PATCHES(s0)
    addi t1, s0, CASE_PATCH
    beqz t0, done
clear:
    LX t2, 0(t1)
    LX t3, 0(t2)
    SX t3, 16(t1)
    SX zero, 0(t2)
    addi t1, t1, PATCH_SIZE
    addi t0, t0, -1
    bnez t0, clear
done:
    addi s0, s0, CASE_SIZE
    addi s1, s1, -1
    j next

finished:
#ifdef LINKED_CASES
    fence
    li t0, 1
    lla t1, tohost
    sw t0, 0(t1)
1:  j 1b
#endif
    fence
    sw s3, CONTROL_DONE(s4)
    j wait

.balign 4
_start_failed:
    j _start_failed

#ifdef LINKED_CASES
.section .tohost, "aw"
.balign 64
.globl tohost
tohost: .dword 0
.balign 64
.globl fromhost
fromhost: .dword 0

.section .cases, "aw"
.balign 64
linked_count: .dword LINKED_COUNT
.balign 64
.globl begin_signature
begin_signature:
linked_cases:
.incbin LINKED_CASES
.globl end_signature
end_signature:

.section .pool, "aw"
.incbin LINKED_POOL
#endif
