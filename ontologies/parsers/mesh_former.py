"""Supplementary records of MeSH that have since become descriptors, under new identifiers.

MeSH doesn't list them, and texts annotated before 2019 have the former ones. Those here are what
annotated corpora called by a name that is the descriptor's today.
"""

from __future__ import annotations

__all__ = ["former_ids"]

_BECAME = {
    "C005435": "D000077553",  # edaravone
    "C009250": "D000077149",  # sevoflurane
    "C012052": "D000077582",  # amisulpride
    "C019248": "D000077268",  # pamidronate
    "C022189": "D000078305",  # zonisamide
    "C026098": "D000077287",  # levetiracetam
    "C030852": "D000077235",  # vinorelbine
    "C032302": "D000077769",  # rilmenidine
    "C036006": "D000078330",  # oxcarbazepine
    "C037663": "D000077212",  # ropivacaine
    "C040029": "D000077206",  # gabapentin
    "C044650": "D000077728",  # imipenem with cilastatin
    "C045645": "D000077407",  # cilostazol
    "C047047": "D000077465",  # cabergoline
    "C047426": "D000069470",  # venlafaxine
    "C047781": "D000077213",  # lamotrigine
    "C048833": "D000077408",  # modafinil
    "C052342": "D000077236",  # topiramate
    "C055162": "D000077144",  # clopidogrel
    "C056507": "D000093542",  # gemcitabine
    "C059262": "D000077404",  # cidofovir
    "C061870": "D000077123",  # rocuronium
    "C063008": "D009173",  # mycophenolate mofetil
    "C065179": "D000069059",  # atorvastatin
    "C065180": "D000077340",  # fluvastatin
    "C067311": "D000077143",  # docetaxel
    "C067431": "D000077289",  # letrozole
    "C069541": "D000069348",  # quetiapine
    "C071741": "D000077208",  # remifentanil
    "C076029": "D000077152",  # olanzapine
    "C076946": "D000077265",  # donepezil
    "C081309": "D000077405",  # irbesartan
    "C081489": "D000068756",  # valsartan
    "C084178": "D000077333",  # telmisartan
    "C090450": "D000077384",  # anastrozole
    "C094645": "D000068180",  # aripiprazole
    "C096918": "D000068698",  # tenofovir
    "C099041": "D000068737",  # tolterodine
    "C102006": "D000077559",  # sodium citrate
    "C105934": "D000068579",  # celecoxib
    "C107135": "D000068338",  # everolimus
    "C108606": "D000069438",  # ezetimibe
    "C110904": "D000069287",  # capecitabine
    "C400082": "D000069286",  # bortezomib
    "C413408": "D000069446",  # atazanavir
    "C418563": "D000068698",  # tenofovir disoproxil
    "C422649": "D000077613",  # etoricoxib
    "C422923": "D000068718",  # rosuvastatin
    "C467567": "D000077269",  # lenalidomide
    "C471405": "D000077157",  # sorafenib
    "C473478": "D000077210",  # sunitinib
    "C476217": "D000069449",  # cinacalcet
    "C476513": "D000077554",  # levobupivacaine
    "C492458": "D000069499",  # ezetimibe with simvastatin
    "C535804": "D000080362",  # Stargardt disease
    "C537422": "D043204",  # apparent mineralocorticoid excess
    "C538219": "D018223",  # dermatofibrosarcoma protuberans
    "C562388": "D000082882",  # bicuspid aortic valve
    "C562729": "D000077277",  # squamous cell carcinoma of the esophagus
}
_FORMER: dict[str, tuple[str, ...]] = {}
for _old, _new in _BECAME.items():
    _FORMER[_new] = (*_FORMER.get(_new, ()), f"MESH:{_old}")


def former_ids(descriptor: str) -> tuple[str, ...]:
    """Return the CURIEs that a descriptor's records had before it.

    >>> former_ids("D000068698"), former_ids("D001241")
    (('MESH:C096918', 'MESH:C418563'), ())
    """
    return _FORMER.get(descriptor, ())
