"""Builds small results documents for the tests of the report."""


def row(layer: str, strategy: str, status: str = "PASSED", **changes) -> dict:
    """A row as tconv_bench writes it on the virtual GPU: 1,000 needed MACs, 1,500 executed, 32 sectors."""
    passed = status == "PASSED"
    data = {
        "op": "fprop", "strategy": strategy, "dtype": "f32", "layout": "nchw",
        "problem": "mb1_ic4oc4_ih4oh8kh4sh2ph1", "layer": layer, "status": status, "reason": None,
        "repro": f"tconv_bench --problem=mb1_ic4oc4_ih4oh8kh4sh2ph1 --strategy='^{strategy}$'",
        "check": {"mode": "int", "max_abs": 0.0, "max_rel_to_bound": 0.0, "rms": 0.0, "mismatches": 0, "deterministic": True},
        "work": {"flops_needed": 2000, "flops_dense_input": 2048, "flops_dense_output": 8192,
                 "bytes_compulsory": 4096, "workspace_bytes": 0, "macs_executed": 1500},
        "counters": {
            "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum": 20,
            "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum": 12,
            "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum": 7,
            "ptx__atomic_lanes": 0,
        } if passed else None,
        "bound": {"us": 3.5, "limiter": "dram", "floor_us": 1.4, "efficiency": 0.4,
                  "model_us": 4.25, "model_limiter": "l2", "model_efficiency": 0.33} if passed else None,
        "time": None,
    }
    return data | changes


def document(rows: list[dict], **context) -> dict:
    return {
        "schema": "tconv-results/1",
        "context": {"backend": "ptxvm", "device": "Virtual H100", "device_profile": "h100-sxm", "git": "abc1234",
                    "date": "2026-01-02T03:04:05Z", "argv": ["tconv_bench"]} | context,
        "results": rows,
    }
