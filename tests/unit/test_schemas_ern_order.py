"""The order of elements about AI among their siblings, and where a message says that it is wrong."""

import pytest

from schemas.ern import read_message
from schemas.ern.order import wrong_order

CREDIT = ("ContributorPartyReference", "Role", "AiContribution", "HasMadeFeaturedContribution")
MESSAGE = """<ern:NewReleaseMessage xmlns:ern="http://ddex.net/xml/ern/432"><ResourceList><SoundRecording>
<ResourceReference>A1</ResourceReference>
<Contributor><AiContribution>None</AiContribution><Role><Value>Composer</Value></Role></Contributor>
<TechnicalDetails/><ContainsAI>None</ContainsAI></SoundRecording></ResourceList></ern:NewReleaseMessage>"""


@pytest.mark.parametrize(
    ("siblings", "index", "said"),
    [
        (CREDIT, 2, None),
        (("AiContribution", "Role"), 0, "before Role"),
        (("Role", "IsCredited", "AiContribution"), 2, "behind IsCredited"),
        (("IsCredited", "AiContribution", "Role"), 1, "behind IsCredited"),
        (("AiContribution", "AiContribution"), 0, None),  # a second one is reported as such
    ],
)
def test_a_degree_stands_behind_the_roles_and_before_the_rest(siblings, index, said):
    assert wrong_order("Contributor", siblings, index) == said


def test_where_no_order_is_known_none_is_wrong():
    assert wrong_order("Text", ("Anything", "AiContribution"), 1) is None


def test_what_is_read_in_the_wrong_place_is_said_once_each():
    messages = [one.message for one in read_message(MESSAGE.encode(), "a.xml").findings if one.rule == "XSD-006"]

    assert sorted(message.split(",")[0] for message in messages) == [
        "AiContribution stands before Role",
        "ContainsAI stands behind TechnicalDetails",
    ]
