"""Territory codes that DDEX allows: ISO 3166-1, its withdrawn codes, TIS numbers and ``Worldwide``."""

import re

WORLDWIDE = "Worldwide"
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
ISO_3166_1 = frozenset(_COUNTRIES.split())
ALSO_ALLOWED = frozenset({"XK", "AN", "CS", WORLDWIDE})  # Kosovo, and two withdrawn codes that old deals still name
_SUBDIVISION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")  # ISO 3166-2, e.g. ES-CN or CA-QC
_WITHDRAWN = """
    AIDJ ANHH BQAQ BUMM BYAA CSHH CSXX CTKI DDDE DYBJ FQHH FXFR GEHH HVBF JTUM MIUM NHVU NQAQ NTHH PCHH PUUM PZPA
    RHZW SKIN SUHH TPTL VDVN WKUM YDYE YUCS ZRCD
"""
ISO_3166_3 = frozenset(_WITHDRAWN.split())
TIS_COUNTRIES = range(4, 895)  # the numbers of ISO 3166-1, of countries that are no more as well
TIS_GROUPS = range(2100, 2137)  # Africa ... Worldwide
_TIS = re.compile(r"[0-9]{1,4}")


def is_territory(code: str) -> bool:
    """Whether a code has the form and, for countries, the value that a deal may name."""
    if code in ISO_3166_1 or code in ALSO_ALLOWED:
        return True
    subdivision = _SUBDIVISION.fullmatch(code)
    if subdivision:
        return subdivision[1] in ISO_3166_1
    if _TIS.fullmatch(code):
        return int(code) in TIS_COUNTRIES or int(code) in TIS_GROUPS
    return code in ISO_3166_3
