"""What can be said of an import's items: the closed lists of reasons and of notices, each with a sentence."""

from __future__ import annotations

CODES = {
    "bad_item": "The item is not of the form that is documented.",
    "duplicate_key": "An object of the item has the same key twice.",
    "unknown_asset": "No asset of the project has this externalId or data.",
    "out_of_scope": "The asset is not in the session's scope.",
    "not_todo": "The task is not in To Do any more.",
    "unknown_schema_id": "No labeling tool of the project has this schemaId.",
    "unknown_title": "No labeling tool of the project has this title.",
    "ambiguous_title": "Several labeling tools of the project have this title.",
    "no_class": "The object has neither schemaId nor title.",
    "wrong_geometry": "The geometry is not of the labeling tool's kind.",
    "no_geometry": "The object has no geometry.",
    "not_a_number": "A coordinate is not a number.",
    "not_finite": "A number is NaN or infinite.",
    "number_too_large": "A number is larger than programs can read, or than any coordinate.",
    "bad_geometry": "The geometry is not of its documented form.",
    "degenerate": "The geometry is nothing: it has no size, no area, or too few points.",
    "duplicate_object_id": "Two objects of one asset and page have the same objectId.",
    "bad_classification": "A classification is not of the documented form.",
    "unknown_option": "An answer is not among the options of its classification.",
    "bad_relation": "A relation is not of the documented form.",
    "unknown_object": "A relation names an object that is not there.",
    "bad_mask": "What should be the address of a mask is none.",
    "too_large": "The item, or all that its asset was given, is larger than is stored.",
}
NOTICES = {
    "ambiguous_external_id": "Several assets have what names the asset; all of them were labeled.",
    "passed_over": "One of the assets that the item names could not be labeled; others were.",
    "labeled_by_people": "People have labeled the asset: what it is given is kept, and their answer shows.",
    "outside_image": "An object reaches outside the image.",
    "replaced_own": "It took the place of what the same session, or the same user, had given the asset before.",
    "merged": "Several items of the request are for one asset; they were put together in their order.",
    "repeated": "Items before it had given the same already.",
    "repeated_object": "An object stood twice with the same objectId; it was kept once.",
    "title_by_geometry": "Several labeling tools have the title; the one that draws this geometry was taken.",
    "tools_as_objects": "The objects were given as tools, as in an export.",
    "nothing_given": "The item gives nothing: no objects, classifications, relations or mask.",
    "number_as_id": "An objectId was a number; it was read as text.",
    "option_read_as": "An answer was no option as it was written; the option that was meant was taken.",
    "answer_reshaped": "An answer came in another shape than its classification has.",
    "no_answer": "A classification has no answer.",
    "misplaced_classification": "A classification stands where the category schema does not have it.",
    "not_asked": "A nested classification is asked for under another option only.",
    "empty_hole": "A hole of a segmentation is nothing.",
    "unusual_rotation": "A rotation is not between -180 and 180 degrees.",
    "text_replaced": "A text had characters that cannot be stored; they were replaced.",
}

Notice = tuple[str, str, str]
"""(code, path, message), as of an item that was taken all the same."""
