"""All seeded defects, and none."""

from toleramp_bench.defects.flow import FLOW
from toleramp_bench.defects.kit import Defect
from toleramp_bench.defects.parts import PARTS
from toleramp_bench.defects.patient import PATIENT
from toleramp_bench.defects.people import PEOPLE

DEFECTS = (*FLOW, *PATIENT, *PEOPLE, *PARTS)
NONE = Defect("none", "", lambda: None, tuple(dict.fromkeys(name for defect in DEFECTS for name in defect.scenarios)))
